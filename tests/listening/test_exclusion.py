"""A sitting is excluded and restored with a reason, or withdrawn with all it holds; a draft goes with its sounds."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse

from listening import audit, preview, stimuli
from listening.exports import ratings as export
from listening.exports import results
from listening.models import Assessor, Audio, Event, Rating, Reply, Session, Study
from listening.stimuli.deletion import delete_draft
from lossmodel.errors import BadInput
from tests import builders
from tests.listening.panel import rate, voices

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    """Return a study that two people have rated."""
    made = voices(tmp_path)
    rate(made, assessors=2)
    return made


def decide(client, session: Session, verb: str, reason: str = "rated everything 100"):
    return client.post(
        reverse("admin:listening_session_decide", args=[session.pk, verb]), {"reason": reason}, follow=True
    )


def test_an_excluded_sitting_is_left_out_until_it_is_restored_and_the_history_says_who_and_why(admin_client, study):
    first, second = study.sessions.all()
    every = list(export.rows(study))
    decide(admin_client, first, "exclude")
    assert {row["session"] for row in export.rows(study)} == {second.number}
    assert {each.assessors for each in results.means(study)} == {1}
    assert list(study.sessions.counted()) == [second]
    first.refresh_from_db()
    assert (str(first.excluded_by), first.excluded_reason) == ("admin", "rated everything 100")
    decide(admin_client, first, "restore", "it was honest")
    assert list(export.rows(study)) == every
    said = [each.get_change_message() for each in audit.of(study)]
    assert said == [f"restored: {first}: it was honest", f"excluded: {first}: rated everything 100"]


def test_no_sitting_is_excluded_without_a_reason(admin_client, study):
    first = study.sessions.first()
    decide(admin_client, first, "exclude", "")
    first.refresh_from_db()
    assert first.excluded_at is None


def test_an_excluded_sitting_gives_its_place_in_the_quota_and_the_plan_to_another(admin_user, study):
    first = study.sessions.first()
    study.quota = 2
    study.save(update_fields=["quota"])
    assert first.exclude(admin_user, "slept")
    assert Session.objects.begin(study, Assessor.objects.create()).cell == first.cell


@pytest.mark.parametrize("form", ["csv", "json"])
def test_exports_leave_excluded_sittings_out_unless_they_are_asked_for_and_then_say_why(
    admin_user, study, form, tmp_path
):
    first, second = study.sessions.all()
    first.exclude(admin_user, "slept")
    call_command("export_ratings", study.slug, format=form, output=tmp_path / "default")
    call_command("export_ratings", study.slug, "--with-excluded", format=form, output=tmp_path / "every")
    assert "slept" not in (tmp_path / "default").read_text()
    assert "excluded" not in (tmp_path / "default").read_text()
    assert "slept" in (tmp_path / "every").read_text()
    rows = list(export.rows(study, with_excluded=True))
    assert {(row["session"], row["excluded"]) for row in rows} == {(first.number, "slept"), (second.number, "")}
    file = io.StringIO()
    assert export.write_csv(study, file) == len(rows) / 2


def test_an_assessor_withdraws_by_the_link_on_the_last_page_and_nothing_given_is_left(client, study):
    first = study.sessions.first()
    Session.objects.filter(pk=first.pk).update(comment="I was ill", client={"agent": "x"})
    address = reverse("participant:withdraw", args=[first.token])
    assert address in client.get(first.get_absolute_url()).content.decode()
    assert client.get(address).status_code == 200
    assert Rating.objects.filter(slot__trial__session=first).exists()  # asking deletes nothing
    answer = client.post(address, follow=True)
    assert "You have withdrawn" in answer.content.decode()
    assert "You have withdrawn" in client.get(first.get_absolute_url()).content.decode()
    first.refresh_from_db()
    assert (first.comment, first.client, first.stage) == ("", {}, "declined")
    for kind in (Rating, Event):
        assert not kind.objects.filter(**{("slot__" if kind is Rating else "") + "trial__session": first}).exists()
    assert not Reply.objects.filter(session=first).exists()
    assert {row["session"] for row in export.rows(study)} == {study.sessions.last().number}


def test_a_researcher_withdraws_a_sitting_on_request_once(admin_client, admin_user, study):
    first = study.sessions.first()
    assert (
        "deleted permanently"
        in admin_client.get(reverse("admin:listening_session_decide", args=[first.pk, "withdraw"])).content.decode()
    )
    decide(admin_client, first, "withdraw", "asked by e-mail")
    first.refresh_from_db()
    assert first.withdrawn_at
    assert not first.withdraw()
    assert not first.exclude(admin_user, "too late")


def test_the_history_tells_of_each_withdrawn_sitting_once_and_names_no_assessor(admin_client, client, study):
    first, last = study.sessions.order_by("number")
    client.post(reverse("participant:withdraw", args=[first.token]))
    decide(admin_client, last, "withdraw", "asked by e-mail")
    address = reverse("admin:listening_study_history", args=[study.pk])
    html = admin_client.get(address).content.decode()
    assert [line.what for line in audit.history(study)] == [
        f"withdrawn: {last}: asked by e-mail", f"withdrawn by its assessor: {first}",
    ]  # fmt: skip
    assert f"<td>an assessor</td><td>withdrawn by its assessor: {first}</td>" in html
    assert html.count("withdrawn") == 2
    assert first.assessor.code not in html


def test_the_page_of_a_sitting_shows_what_there_is_and_nothing_else(admin_client, study):
    own = study.sessions.first()
    own.checks.create(kind="antiphase", answered=6, correct=6, passed=True)
    html = admin_client.get(reverse("admin:listening_session_change", args=[own.pk])).content.decode()
    facts = html[html.index("<fieldset") : html.index("submit-row")]
    assert "Headphone checks" in facts
    for absent in ("Refused sounds", "Comment", "Replies", "Comprehension checks", "Attention", ">Part", "–", ">-<"):
        assert absent not in facts, absent


@pytest.mark.parametrize("name", ["assessor", "session", "rating"])
def test_a_list_says_who_is_simulated_where_anybody_is(admin_client, study, name):
    address = reverse(f"admin:listening_{name}_changelist")
    assert "column-mark" not in admin_client.get(address).content.decode()
    rate(study, assessors=1, simulated=True)
    html = admin_client.get(address).content.decode()
    assert "column-mark" in html
    assert "hb-simulated" in html


def test_a_draft_is_deleted_with_its_sounds_and_their_files(admin_client, tmp_path, django_capture_on_commit_callbacks):
    draft = builders.study(tmp_path)
    preview.begin(draft)
    files = [Path(each.file.path) for each in Audio.objects.all()]
    address = reverse("admin:listening_study_delete", args=[draft.pk])
    assert "2 items" in admin_client.get(address).content.decode()
    assert Study.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(address)
    assert not Study.objects.exists()
    assert not Audio.objects.exists()
    assert files
    assert not any(file.exists() for file in files)
    assert audit.of(draft).get().get_change_message() == "deleted: Tones"


def test_sounds_that_another_study_uses_stay(study, django_capture_on_commit_callbacks):
    before = Audio.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_draft(stimuli.redraft(study, "again")) == 0
    assert Audio.objects.count() == before
    assert all(Path(each.file.path).exists() for each in Audio.objects.all())


def test_a_study_that_somebody_sat_is_not_deleted(admin_client, study):
    with pytest.raises(BadInput, match="only drafts"):
        delete_draft(study)
    Study.objects.filter(pk=study.pk).update(status="draft")
    with pytest.raises(BadInput, match="it has ratings"):
        delete_draft(study)
    answer = admin_client.post(reverse("admin:listening_study_delete", args=[study.pk]), follow=True)
    assert "it has ratings" in answer.content.decode()
    assert study.sessions.count() == 2
    assert not audit.of(study).exists()
