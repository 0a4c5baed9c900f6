"""A researcher sees any page as assessors do, and nothing of it counts or stays."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from listening import preview
from listening.exports import events, replies, results
from listening.exports import ratings as export
from listening.models import Assessor, Question, Rating, Session, Stage
from lossmodel.errors import BadInput
from tests import builders
from tests.browser import pages as assessors_pages
from tests.listening.panel import rate, voices

pytestmark = pytest.mark.django_db


def rated(session: Session) -> Session:
    """Rate everything in a sitting."""
    for slot in [slot for trial in session.trials.all() for slot in trial.slots.all()]:
        slot.answer(70, order=1, key=slot.stimulus.audio.sha256[:32])
    return session


def test_every_page_of_a_study_with_every_step_is_reached_and_opens(client, tmp_path):
    study = assessors_pages.study(tmp_path)
    study.status = "draft"
    study.save(update_fields=["status"])
    for place in ("between", "after"):
        Question.objects.create(study=study, key=place, place=place, kind="number", text="How tired are you?")
    pages = preview.pages(study)
    assert {
        "consent",
        "questions-before",
        "questions-between",
        "questions-after",
        "volume",
        "headphones",
        "instructions",
        "trial-0",
        "comment",
        "done",
    } <= {page for page, _name in pages}
    for page, _name in pages:
        answer = client.get(preview.begin(study, page).get_absolute_url())
        assert answer.status_code == 200, page
        assert answer.context["session"].stage == page.partition("-")[0], page
        assert "Preview" in answer.content.decode(), page


def test_a_page_that_the_study_does_not_show_is_refused_and_leaves_no_sitting(tmp_path):
    study = builders.study(tmp_path)
    with pytest.raises(BadInput, match="volume"):
        preview.begin(study, "volume")
    assert not Session.every.exists()


def test_a_preview_counts_nowhere(admin_client, tmp_path):
    study = voices(tmp_path)
    study.quota = 1
    study.save(update_fields=["quota"])
    before = list(export.rows(study))
    session = rated(preview.begin(study, "trial-0"))
    assert Rating.objects.filter(slot__trial__session=session).exists()
    assert list(export.rows(study)) == before
    assert not list(replies.rows(study))
    assert not list(events.rows(study))
    assert not results.means(study)
    assert not study.sessions.exists()
    real = Session.objects.begin(study, Assessor.objects.create())
    assert (real.number, real.cell) == (0, session.cell)
    for kind in ("session", "rating", "assessor"):
        listed = admin_client.get(reverse(f"admin:listening_{kind}_changelist")).context["cl"].queryset
        assert listed.count() == (0 if kind == "rating" else 1)


def test_a_preview_deletes_itself_a_day_after_the_last_look_and_takes_nothing_else_along(tmp_path, capsys):
    study = voices(tmp_path)
    rate(study, assessors=1)
    old, new = preview.begin(study), preview.begin(study)
    rated(old)
    Session.every.filter(pk=old.pk).update(seen_at=timezone.now() - dt.timedelta(hours=25))
    call_command("sweep")
    assert "1 previews of studies deleted" in capsys.readouterr().out
    assert list(Session.every.filter(preview=True)) == [new]
    assert Assessor.objects.count() == 2
    assert Rating.objects.exists()


def test_a_draft_is_previewed_from_its_page_by_whoever_may_see_it(client, tmp_path):
    study = builders.study(tmp_path)
    address = reverse("admin:listening_study_preview", args=[study.pk])
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(address).status_code == 403
    client.force_login(User.objects.create_superuser("researcher"))
    assert 'value="trial-0"' in client.get(address).content.decode()
    answer = client.post(address, {"page": "trial-1"}, follow=True)
    assert answer.context["session"].stage == Stage.TRIAL
    assert answer.context["trial_page"].trial.position == 1
    study.open()
    assert client.get(study.get_absolute_url()).status_code == 200  # the browser does not go on with the preview
