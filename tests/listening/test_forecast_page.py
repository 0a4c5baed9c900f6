"""The forecast of a study as a page: of the study as it is, of what is tried, and of how people really differed."""

import pytest
from django.urls import reverse

from listening.admin.workbench.simulation import simulated
from listening.exports.components import components
from listening.models import Study
from lossmodel.errors import BadInput
from lossmodel.ratings import planning
from lossmodel.ratings.components import PUBLISHED
from lossmodel.ratings.forecast import Panel
from lossmodel.ratings.planning import Question
from tests import builders
from tests.listening.panel import rate, voices

pytestmark = pytest.mark.django_db


def look(client, study, **asked):
    return client.get(reverse("admin:listening_study_forecast", args=[study.pk]), asked)


def test_the_study_as_it_is_is_foreseen_first(admin_client, tmp_path):
    study = builders.study(tmp_path, items=5, quota=48, items_per_session=3)
    found = look(admin_client, study).context
    assert (found["panel"].assessors, found["panel"].items_each, found["panel"].items) == (48, 3, 5)
    assert found["panel"].ratings_per_cell == pytest.approx(28.8)
    assert sum(sittings for _name, _y, sittings in found["plan"].rows) == 24 * 3


def test_what_is_tried_is_shown_and_stored_nowhere(admin_client, tmp_path):
    study = builders.study(tmp_path, items=5, items_per_session=3)
    found = look(admin_client, study, assessors=10, items_each=5, difference=20).context
    assert found["panel"].ratings_per_cell == 10
    assert found["power"] > look(admin_client, study, assessors=10, items_each=5, difference=5).context["power"]
    study.refresh_from_db()
    assert study.items_per_session == 3


def test_more_items_each_make_a_longer_sitting(admin_client, tmp_path):
    study = builders.study(tmp_path, items=6)
    short, long = (look(admin_client, study, items_each=each).context["minutes"] for each in (1, 6))
    assert short < long


def test_five_items_are_warned_of_and_seven_are_not(admin_client, tmp_path):
    study = builders.study(tmp_path, items=7)
    told = [" ".join(look(admin_client, study, items_each=each).context["warnings"]) for each in (5, 7)]
    assert "1 of 5 is 20 %" in told[0]
    assert "hidden reference" not in told[1]


def test_fewer_and_more_are_simulated_when_asked_as_the_shell_plans_them(admin_client, tmp_path):
    study = builders.study(tmp_path, items=5, systems=2)
    assert "simulation" not in look(admin_client, study).context
    answer = look(admin_client, study, assessors=8, items_each=4, difference=9, simulate=1)
    simulation = answer.context["simulation"]
    assert (simulation.assessors, [items for items, _ in simulation.rows]) == ([4, 8, 16], [2, 4, 8])
    own = simulation.rows[1][1][1]
    assert own == planning.simulated_precision(8, 4, Question(2, 9), PUBLISHED, draws=simulation.draws)
    assert f"{own.power:.0%}".replace("%", " %") in answer.content.decode()


def test_what_takes_longer_than_a_page_should_is_left_to_the_shell():
    assert simulated(Panel(2000, 100, 100), 10, PUBLISHED, 5).rows == []


@pytest.mark.parametrize("asked", [{"items_each": 9}, {"assessors": 1}, {"assessors": "many"}, {"variance": "77"}])
def test_what_cannot_be_is_said_and_nothing_foreseen(asked, admin_client, tmp_path):
    answer = look(admin_client, builders.study(tmp_path), **asked)
    assert answer.status_code == 200
    assert "panel" not in answer.context
    assert "errorlist" in answer.content.decode()


def test_a_study_without_sounds_says_what_it_needs(admin_client):
    empty = Study.objects.create(slug="empty", title="Empty", preset="ward-2")
    assert "add sounds and a question" in look(admin_client, empty).content.decode()


def test_how_people_differed_in_a_finished_study_is_what_the_next_one_rests_on(admin_client, tmp_path):
    before = voices(tmp_path, items=3)
    rate(before, assessors=5)
    after = builders.study(tmp_path, slug="after", title="After")
    parts = look(admin_client, after, variance=before.pk).context["parts"]
    assert parts.source == "voices: 5 assessors, 3 systems, 3 items"
    assert parts.assessor == pytest.approx(3 * 2.5**0.5)  # they differ by 3 points each, and in nothing else
    assert parts.residual == pytest.approx(0, abs=1e-6)


def test_a_study_in_which_few_rated_everything_is_refused_in_words(admin_client, tmp_path):
    before = voices(tmp_path, items=3)
    rate(before, assessors=3)
    with pytest.raises(BadInput, match="3 of 3 assessors rated every system on every item, but 4 are needed"):
        components(before)
    after = builders.study(tmp_path, slug="after", title="After")
    assert "but 4 are needed" in look(admin_client, after, variance=before.pk).content.decode()


def test_simulated_listeners_say_nothing_about_people(tmp_path):
    before = voices(tmp_path, items=2)
    rate(before, assessors=6, simulated=True)
    with pytest.raises(BadInput, match="0 of 0"):
        components(before)
