"""A researcher sees what is known of an objective, hears every point, and drafts the next test with two clicks."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from listening.admin.evidence import free_slug
from listening.exports import ratings as export
from listening.models import Objective, Stimulus, Study
from lossmodel.objective.report import contents as report
from tests.listening.panel import LEAKS, rate, voices

pytestmark = pytest.mark.django_db

MEASURES = ("pearson", "spearman", "within", "rmse", "coverage")


def fitted(*studies: Study, prefix: bool = False) -> Objective:
    """Return a fitted objective with a report on every system of the studies."""
    made = Objective.objects.create(name="first", status="done", card={"seed": 41, "data": {}})
    made.ratings.set([export.freeze(study) for study in studies])
    names = [
        (f"{study.slug}/" if prefix else "", f"song{n}", name) for study in studies for n in range(3) for name in LEAKS
    ]
    stimuli = [
        report.Stimulus(
            item=first + item, condition=name, rated=10 + 10 * (at % 9), half_width=4, people=4, predicted=48, low=40,
            high=60, in_calibration=True,
        )
        for at, (first, item, name) in enumerate(names)
    ]  # fmt: skip
    sure = report.Interval(value=0.9, low=0.8, high=0.95, n=9, rule="songs")
    own = report.Attribute(
        name="quality", simulated=False, stimuli=stimuli, measures=dict.fromkeys(MEASURES, sure),
        residuals={}, rivals=[], curve=None,
    )  # fmt: skip
    wanted = [
        report.Suggestion(
            item=each.item, condition=each.condition, score=0.5, disagreement=3, conflict=1, distance=0, ratings=4,
            reasons=("because",),
        )
        for each in stimuli
    ]  # fmt: skip
    made.folder.mkdir(parents=True)
    report.Report(left_out="songs left out", attributes=[own], suggestions=wanted).write(made.folder)
    return made


@pytest.fixture
def study(tmp_path, client) -> Study:
    """Return a rated study; the client is a researcher's."""
    client.force_login(User.objects.create_superuser("researcher"))
    made = voices(tmp_path)
    rate(made)
    return made


def page_of(objective: Objective) -> str:
    return reverse("admin:listening_objective_change", args=[objective.pk])


def drafts(objective: Objective) -> str:
    return reverse("admin:listening_objective_draft", args=[objective.pk])


def test_the_page_of_an_objective_shows_its_report_and_every_point_plays_its_own_stimulus(study, client):
    html = client.get(page_of(fitted(study))).content.decode()
    points = dict(re.findall(r'<a class="hb-point" href="([^"]+)" data-plays="(\S+ · \S+):', html))
    right = {
        reverse("admin:listening_audio_play", args=[each.audio_id]): f"{each.item.name} · {each.condition.name}"
        for each in Stimulus.objects.filter(item__study=study, condition__role="system")
    }
    assert points == right
    assert "<strong>songs left out</strong>" in html
    assert "<td>41</td>" in html
    assert not re.search(r"<style|\sstyle=|<script(?![^>]* src=)(?![^>]*application/json)", html)


def test_an_objective_without_a_report_shows_what_its_card_says(study, client):
    made = Objective.objects.create(name="older", status="done", card={"code": "abc"})
    html = client.get(page_of(made)).content.decode()
    assert "<stimulus-player" not in html
    assert "&quot;code&quot;: &quot;abc&quot;" in html


def test_a_damaged_report_is_named_and_the_page_opens(study, client):
    made = fitted(study)
    (made.folder / report.REPORT_FILE).write_text("{")
    html = client.get(page_of(made)).content.decode()
    assert 'class="errornote"' in html
    assert "report.json: not a report of this version" in html


def test_items_of_several_studies_are_found_by_their_longer_names(study, client, tmp_path):
    other = voices(tmp_path, slug="again")
    rate(other)
    html = client.get(page_of(fitted(study, other, prefix=True))).content.decode()
    assert len(set(re.findall(r'<a class="hb-point" href="([^"]+)"', html))) == 18


def test_ticked_stimuli_are_asked_about_before_anything_is_made(study, client):
    made = fitted(study)
    html = client.post(drafts(made), {"chosen": ["0", "4"]}).content.decode()
    assert "song0 · good" in html
    assert "song1 · fair" in html
    assert 'name="slug" value="voices-next"' in html
    assert html.count('type="hidden" name="chosen"') == 2
    assert Study.objects.count() == 1


def test_a_confirmed_choice_becomes_a_draft_study(study, client):
    made = fitted(study)
    answer = client.post(drafts(made), {"chosen": ["0", "4"], "slug": "second", "confirmed": "1"}, follow=True)
    draft = Study.objects.get(slug="second")
    assert answer.redirect_chain[-1][0] == reverse("admin:listening_study_sounds", args=[draft.pk])
    assert "is drafted with 2 stimuli" in answer.content.decode()
    rows = set(Stimulus.objects.filter(item__study=draft).values_list("item__name", "condition__name"))
    assert rows == {("song0", "good"), ("song0", "hidden"), ("song1", "fair"), ("song1", "hidden")}
    assert (draft.status, draft.sessions.count()) == ("draft", 0)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "stimulus was chosen"),
        ({"chosen": ["99"]}, "no longer exists"),
        ({"chosen": ["x"]}, "stimulus was chosen"),
        ({"chosen": ["0"], "slug": "voices", "confirmed": "1"}, "choose another slug"),
        ({"chosen": ["0"], "slug": "no good!", "confirmed": "1"}, "slug"),
    ],
)
def test_what_cannot_be_drafted_is_said_on_the_page_and_nothing_is_made(study, client, given, complaint):
    answer = client.post(drafts(fitted(study)), given, follow=True)
    assert complaint in answer.content.decode()
    assert Study.objects.count() == 1


def test_stimuli_of_two_studies_are_not_mixed(study, client, tmp_path):
    other = voices(tmp_path, slug="again")
    rate(other)
    answer = client.post(drafts(fitted(study, other, prefix=True)), {"chosen": ["0", "17"]}, follow=True)
    assert "choose those of one study" in answer.content.decode()


def test_a_draft_needs_a_post_with_its_token(study, client):
    made = fitted(study)
    assert client.get(drafts(made)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="researcher"))
    assert strict.post(drafts(made), {"chosen": ["0"], "slug": "second", "confirmed": "1"}).status_code == 403
    assert Study.objects.count() == 1


def test_only_who_may_add_studies_drafts_one(study, client):
    made = fitted(study)
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(looker)
    html = client.get(page_of(made)).content.decode()
    assert "hb-point" in html
    assert "Draft a study of the chosen ones" not in html
    assert client.post(drafts(made), {"chosen": ["0"]}).status_code == 403
    client.logout()
    assert client.post(drafts(made), {"chosen": ["0"]}).status_code == 302
    assert client.get(page_of(made)).status_code == 302


def test_an_assessor_cannot_play_what_the_points_lead_to(study, client):
    html = client.get(page_of(fitted(study))).content.decode()
    address = re.search(r'<a class="hb-point" href="([^"]+)"', html)[1]
    sound = client.get(address)
    assert sound["Content-Type"] == "audio/flac"
    assert b"".join(sound.streaming_content)[:4] == b"fLaC"
    assert "/login/" in Client().get(address)["Location"]


def test_the_next_study_gets_a_name_that_none_has(study):
    assert free_slug(study) == "voices-next"
    Study.objects.create(slug="voices-next", title="2", preset="ward-2")
    assert free_slug(study) == "voices-next-2"


def test_the_page_takes_as_many_queries_however_many_stimuli_there_are(study, client, django_assert_max_num_queries):
    made = fitted(study)
    client.get(page_of(made))
    with django_assert_max_num_queries(20):
        client.get(page_of(made))
