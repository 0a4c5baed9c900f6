"""An owner hands out roles, publishes and deletes personal data; the ratings stay, and every action is written down."""

import csv
import datetime as dt
import hashlib
import io
import zipfile

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from listening import privacy
from listening.exports import ratings as export
from listening.exports.bundle import Choice, bundle
from listening.exports.bundle.codebook import PAIRS, RATINGS, REPLIES, SOUNDS
from listening.exports.bundle.sounds import SOUND_COLUMNS
from listening.exports.replies import COLUMNS as REPLY_COLUMNS
from listening.models import Assessor, Audio, Reply, Session, Study, StudyRole
from lossmodel import manifest
from tests.listening.panel import rate, voices
from tests.listening.people import staff

pytestmark = pytest.mark.django_db

MAIL, ID = "jane.doe@example.org", "5f3c9a7be1d2"


@pytest.fixture
def study(tmp_path):
    made = voices(tmp_path, items=2)
    rate(made, assessors=2)
    return made


@pytest.fixture
def owner(client, study):
    user = staff("owner", study, "owner")
    client.force_login(user)
    return user


def tab(study: Study, key: str) -> str:
    return reverse(f"admin:listening_study_{key}", args=[study.pk])


def plant(study: Study) -> None:
    """Type an e-mail address and an id wherever somebody can: an assessor, a recruiter, a researcher."""
    both = f"{MAIL} {ID}"
    question = study.questions.create(key="who", text=f"Who are you? {MAIL}", kind="text")
    number = study.questions.create(key="number", text="Which number?", kind="number")
    for place, session in enumerate(study.sessions.all()):
        Assessor.objects.filter(pk=session.assessor_id).update(code=f"{MAIL}-{ID}-{place}")
        session.replies.create(question=question, value=both)
        session.replies.create(question=number, value=ID)
    study.sessions.update(comment=both, client={"browser": both}, ticket=None)
    Session.objects.filter(pk=study.sessions.first().pk).update(ticket=ID, token=f"token-{ID}", code=ID[:8])
    for name in ("introduction", "consent", "instructions", "thanks", "licence"):
        Study.objects.filter(pk=study.pk).update(**{name: f"Write to {MAIL}."})
    own = {"responsible": f"Jane {ID}", "contact": both, "completion_code": ID, "institution": "A school"}
    own |= {"return_url": f"https://example.org/{ID}", "screen_out_url": f"https://example.org/{ID}"}
    Study.objects.filter(pk=study.pk).update(**own)
    study.conditions.update(description=f"made by {MAIL}")
    study.items.update(note=both)
    Audio.objects.update(delivered_as=f"/home/{MAIL}/{ID}.wav")
    staff(MAIL, study, "analyst")


def opened(study: Study, **choice) -> dict[str, bytes]:
    content = b"".join(bundle(Study.objects.get(pk=study.pk), Choice(**choice)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_holds_nobodys_address_and_nobodys_id(study):
    plant(study)
    files = opened(study, figures={"quality": f"<svg>{MAIL}</svg>"})
    assert {"ratings.csv", "codebook.csv", "design.json", "LICENCE.txt", "README.md", "SHA256SUMS"} <= set(files)
    for name, content in files.items():
        assert MAIL.encode() not in content, name
        assert ID.encode() not in content, name


def test_what_people_wrote_is_in_a_bundle_only_where_that_is_asked_for(study):
    plant(study)
    assert "replies.csv" not in opened(study)
    said = opened(study, replies=True)["replies.csv"].decode()
    assert ID in said
    assert MAIL not in said


def test_the_ratings_of_a_bundle_are_those_of_the_export_with_people_numbered_anew(study):
    table = list(csv.DictReader(io.StringIO(opened(study)["ratings.csv"].decode())))
    own = list(export.rows(study))
    assert [float(row["score"]) for row in table] == [row["score"] for row in own]
    together = {(row["assessor"], old["assessor"]) for row, old in zip(table, own, strict=True)}
    assert len(together) == len({new for new, _old in together}) == 2
    assert {new for new, _old in together} == {"assessor-0001", "assessor-0002"}


def test_the_checksums_of_a_bundle_are_those_of_its_files(study):
    files = opened(study)
    sums = dict(line.split("  ")[::-1] for line in files.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def test_the_manifest_of_a_bundle_is_one_that_lossmodel_reads(study, tmp_path):
    content = b"".join(bundle(study, Choice()))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path / "bundle")
    pairs = manifest.read(tmp_path / "bundle" / "pairs.csv")
    assert {(pair.item, pair.condition) for pair in pairs} == {
        (each.item.name, each.condition.name) for item in study.items.all() for each in item.stimuli.all()
    }


def test_every_column_of_a_bundle_stands_in_its_codebook():
    assert tuple(RATINGS) == tuple(export.FIELDS)
    assert tuple(SOUNDS) == SOUND_COLUMNS
    assert tuple(PAIRS) == ("item", "condition", "estimate", "reference", "mixture", "accompaniment", "role")
    assert tuple(REPLIES) == REPLY_COLUMNS


def test_a_bundle_is_sent_in_small_pieces(study):
    assert max(len(piece) for piece in bundle(study, Choice())) < 200_000


def test_an_owner_downloads_the_bundle_and_that_is_written_down(client, study, owner):
    answer = client.post(tab(study, "bundle"), {"audio": "on"})
    files = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()
    assert any(name.startswith("figures/") for name in files)
    assert any(name.startswith("audio/") for name in files)
    assert "publication bundle" in LogEntry.objects.get(user=owner, object_id=str(study.pk)).change_message


@pytest.mark.parametrize("who", ["analyst", "assistant"])
def test_nobody_but_an_owner_downloads_the_bundle(client, study, who):
    client.force_login(staff(who, study, who))
    assert client.post(tab(study, "bundle"), {}).status_code == 403


def test_personal_data_go_after_a_confirmation_and_no_rating_changes(client, study, owner):
    plant(study)
    before = list(export.rows(study))
    assert "Yes, delete" not in client.get(tab(study, "publication")).content.decode()
    assert "Yes, delete" in client.get(tab(study, "publication") + "?ask=1").content.decode()
    client.post(tab(study, "publication"), {"forget": "1"})
    assert list(export.rows(study)) == before
    assert set(Reply.objects.filter(question__kind="text").values_list("value", flat=True)) == {""}
    assert set(study.sessions.values_list("comment", flat=True)) == {""}
    assert "deleted" in LogEntry.objects.get(user=owner, object_id=str(study.pk)).change_message


def test_what_is_kept_for_some_days_is_deleted_after_them_by_sweep(study, settings, capsys):
    settings.RETENTION_DAYS = 30
    study.sessions.update(comment=MAIL)
    study.close()
    call_command("sweep")
    assert study.sessions.filter(comment=MAIL).count() == 2
    Study.objects.update(closed_at=timezone.now() - dt.timedelta(days=31))
    Study.objects.update(retention_days=60)
    call_command("sweep")
    assert study.sessions.filter(comment=MAIL).count() == 2
    Study.objects.update(retention_days=None)
    call_command("sweep")
    assert study.sessions.filter(comment=MAIL).count() == 0
    assert "personal data deleted (0 free replies, 2 comments, 0 recruiters' ids)" in capsys.readouterr().out
    assert privacy.overdue() == []


def test_an_owner_hands_out_a_role_and_takes_it_back_and_both_are_written_down(client, study, owner):
    somebody = staff("somebody")
    client.post(tab(study, "team"), {"user": "somebody", "role": "analyst"})
    role = StudyRole.objects.get(user=somebody)
    assert (role.study, role.role) == (study, "analyst")
    client.post(tab(study, "team"), {"take_back": role.pk})
    assert not StudyRole.objects.filter(user=somebody).exists()
    said = list(LogEntry.objects.filter(user=owner).values_list("change_message", flat=True))
    assert any("somebody analyst" in each and "gave" in each for each in said)
    assert any("somebody analyst" in each and "revoked" in each for each in said)


def test_a_study_keeps_an_owner(client, study, owner):
    client.post(tab(study, "team"), {"take_back": StudyRole.objects.get(user=owner).pk})
    client.post(tab(study, "team"), {"user": "owner", "role": "assistant"})
    assert StudyRole.objects.get(user=owner).role == "owner"


def test_a_name_that_no_member_of_staff_has_is_refused_in_words(client, study, owner):
    html = client.post(tab(study, "team"), {"user": "<b>nobody</b>", "role": "analyst"}).content.decode()
    assert "No member of staff has the name" in html
    assert "<b>nobody</b>" not in html


def test_nobody_takes_back_a_role_of_another_study(client, study, owner, tmp_path):
    other = voices(tmp_path, slug="elsewhere", items=1)
    alien = StudyRole.objects.create(study=other, user=staff("alien"), role="analyst")
    client.post(tab(study, "team"), {"take_back": alien.pk})
    assert StudyRole.objects.filter(pk=alien.pk).exists()


def test_no_table_keeps_what_a_reply_or_comment_said_once_it_is_deleted(study):
    question = study.questions.create(key="who", text="Who?", kind="text")
    session = study.sessions.first()
    session.replies.create(question=question, value=MAIL)
    Session.objects.filter(pk=session.pk).update(comment=MAIL)
    privacy.forget(study.sessions.all())
    with connection.cursor() as cursor:
        for table in ("listening_reply", "listening_session"):
            cursor.execute(f"SELECT * FROM {table}")
            assert not [row for row in cursor.fetchall() if MAIL in str(row)], table


def test_the_free_texts_of_one_sitting_are_deleted_from_the_list_after_a_confirmation(client, study, owner):
    study.sessions.update(comment=MAIL)
    first, second = study.sessions.order_by("number")
    chosen = {"action": "forget", "_selected_action": [first.pk]}
    address = reverse("admin:listening_session_changelist")
    assert "comments: 1" in client.post(address, chosen).content.decode()
    assert study.sessions.filter(comment=MAIL).count() == 2
    client.post(address, chosen | {"confirmed": "1"})
    assert list(study.sessions.filter(comment=MAIL)) == [second]


def test_an_assistant_deletes_no_personal_data(client, study):
    study.sessions.update(comment=MAIL)
    client.force_login(staff("helper", study, "assistant"))
    chosen = {"action": "forget", "_selected_action": [study.sessions.first().pk], "confirmed": "1"}
    client.post(reverse("admin:listening_session_changelist"), chosen)
    assert study.sessions.filter(comment=MAIL).count() == 2
