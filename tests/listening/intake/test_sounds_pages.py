"""The pages of the Sounds tab: who may do what, how a folder comes in piece by piece, and how its grid is corrected."""

import csv
import io
import json

import numpy as np
import pytest
from django.contrib.auth.models import Permission, User
from django.db import OperationalError
from django.urls import reverse

from listening import audit, stimuli, tasks
from listening.models import Intake, IntakeFile, Preparation, Study
from listening.stimuli import intakes, uploads
from lossmodel import audio
from tests.listening.intake.builders import changed, folder, voice, write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_intake_dir(settings, tmp_path):
    settings.INTAKE_DIR = tmp_path / "intake"


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    """Keep the messages to workers."""
    sent = []
    monkeypatch.setattr(tasks.prepare, "delay", sent.append)
    return sent


def page(study: Study, name: str = "", *args: int) -> str:
    return reverse(f"admin:listening_study_sounds{name}", args=[study.pk, *args])


def upload(client, study: Study, root) -> None:
    """Send every file below `root` as the browser does, and check them."""
    paths = {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*.*"))}
    told = {"files": [{"name": name, "size": path.stat().st_size} for name, path in paths.items()]}
    answer = client.post(page(study, "_files"), json.dumps(told), content_type="application/json")
    for row in answer.json()["files"]:
        content = paths[row["name"]].read_bytes()
        sent = client.put(
            f"{page(study, '_file', row['id'])}?offset=0", content, content_type="application/octet-stream"
        )
        assert sent.json()["received"] == row["size"]
    client.post(page(study, "_check"))
    work()


def work() -> None:
    """Do what workers would."""
    for run in Preparation.objects.filter(status="queued"):
        tasks.prepare(run.pk)


def grid(study: Study):
    return intakes.grid_of(study.intakes.get(ended_at=None))


def test_a_folder_goes_from_the_browser_into_the_draft(researcher, study, tmp_path):
    assert "Drop a folder of sounds here" in researcher.get(page(study)).content.decode()
    upload(researcher, study, folder(tmp_path / "songs", items=2, seconds=1))
    shown = researcher.get(page(study)).content.decode()
    assert "8 sounds of 2 items" in shown
    assert "nothing to fix" in shown
    researcher.post(page(study, "_prepare"), {"anchors": ["lowpass-3500"]})
    assert "Preparing the sounds" in researcher.get(page(study)).content.decode()
    work()
    assert sorted(study.conditions.values_list("name", flat=True)) == [
        "hidden-reference", "lowpass-3500", "system0", "system1",
    ]  # fmt: skip
    shown = researcher.get(page(study)).content.decode()
    assert "2 items, 4 conditions" in shown
    assert "Add sounds" in shown


def test_a_piece_that_does_not_follow_is_told_where_to_go_on_and_a_bad_list_is_told_so(researcher, study):
    told = {"files": [{"name": "a/reference.wav", "size": 100}, {"name": "a/empty.wav", "size": 0}]}
    answer = researcher.post(page(study, "_files"), json.dumps(told), content_type="application/json").json()
    one, empty = answer["files"]
    assert "0 bytes" in empty["problem"]
    address = page(study, "_file", one["id"])
    researcher.put(f"{address}?offset=0", b"x" * 40, content_type="application/octet-stream")
    wrong = researcher.put(f"{address}?offset=0", b"x" * 40, content_type="application/octet-stream")
    assert (wrong.status_code, wrong.json()["received"]) == (409, 40)
    assert researcher.put(f"{address}?offset=x", b"x", content_type="application/octet-stream").status_code == 400
    assert researcher.post(page(study, "_files"), "{", content_type="application/json").status_code == 400
    assert "1 file is incomplete" in researcher.get(page(study)).content.decode()


def test_a_full_disc_answers_507_with_words(researcher, study, monkeypatch):
    monkeypatch.setattr(stimuli.uploads, "TO_SPARE", 10**18)
    told = json.dumps({"files": [{"name": "a.wav", "size": 100}]})
    answer = researcher.post(page(study, "_files"), told, content_type="application/json")
    assert answer.status_code == 507
    assert "the server's disk has room for 0 MB" in answer.json()["error"]


@pytest.mark.parametrize("error", [OSError(28, "No space left"), OperationalError("database or disk is full")])
def test_a_full_disc_anywhere_else_in_the_studio_is_a_page_that_says_so(researcher, study, monkeypatch, error):
    def full(*_args, **_given):
        raise error

    monkeypatch.setattr(audit, "record", full)
    recruiting = reverse("admin:listening_study_recruit", args=[study.pk])
    answer = researcher.post(recruiting, {"link_parameters": "", "quota": "7"})
    assert (answer.status_code, "The server’s disc is full" in answer.content.decode()) == (507, True)
    study.refresh_from_db()
    assert study.quota is None
    monkeypatch.setattr(uploads, "announce", full)
    told = researcher.post(page(study, "_files"), '{"files": []}', content_type="application/json")
    assert (told.status_code, told.json()["error"][:16]) == (507, "the disc is full")


def test_who_may_only_look_changes_nothing_and_others_do_not_even_see_it(client, study):
    looking = User.objects.create_user("guest", is_staff=True)
    client.force_login(looking)
    assert client.get(page(study)).status_code == 403
    looking.user_permissions.add(Permission.objects.get(codename="view_study"))
    assert client.get(page(study)).status_code == 200
    for name in (
        "_files",
        "_check",
        "_folder",
        "_prepare",
        "_cancel",
        "_discard",
        "_fix",
        "_place",
        "_rename",
        "_excerpt",
    ):
        assert client.post(page(study, name)).status_code == 403, name
    assert Intake.objects.count() == 0


def test_a_study_that_is_open_takes_no_sounds(researcher, study):
    study.open()
    told = json.dumps({"files": [{"name": "a.wav", "size": 100}]})
    answer = researcher.post(page(study, "_files"), told, content_type="application/json")
    assert answer.status_code == 400
    assert "only a draft accepts sounds" in answer.json()["error"]
    assert "Drop" not in researcher.get(page(study)).content.decode()


def test_faults_are_mended_one_by_one_by_kind_and_all_at_once(researcher, study, tmp_path):
    own = voice(0)
    late = changed(own, np.roll(own.samples, 300))
    sounds = {"a/reference.wav": own, "a/mixture.wav": own, "a/x.wav": late, "a/y.wav": late}
    sounds["a/z.wav"] = changed(own, -own.samples)
    upload(researcher, study, write(tmp_path / "w", sounds))
    fault = next(f for f in shown_faults(researcher, study) if f.kind == "offset")
    researcher.post(page(study, "_fix"), {"fault": fault.id, "fix": "shift"})
    assert [f.column for f in shown_faults(researcher, study) if f.kind == "offset"] == ["y"]
    researcher.post(page(study, "_fix"), {"kind": "offset", "fix": "shift"})
    assert {f.kind for f in shown_faults(researcher, study)} == {"polarity"}
    researcher.post(page(study, "_fix"), {"safe": "1"})
    assert shown_faults(researcher, study) == []
    told = researcher.post(page(study, "_fix"), {"fault": fault.id, "fix": "shift"}, follow=True)
    assert "That is already fixed." in told.content.decode()


def shown_faults(client, study):
    groups = client.get(page(study)).context["groups"]
    return [fault for group in groups for fault in group.faults]


def test_the_grid_is_corrected_by_hand(researcher, study, tmp_path):
    own = voice(0)
    upload(researcher, study, write(tmp_path / "w", {"a/true.wav": own, "a/mixture.wav": own, "a/x.wav": own}))
    assert "reference" not in grid(study).columns
    researcher.post(page(study, "_rename"), {"axis": "column", "old": "true", "new": "Reference"})
    researcher.post(page(study, "_rename"), {"axis": "item", "old": "a", "new": "Köln “live”"})
    file = next(file for file in grid(study).files if file.column == "x")
    researcher.post(page(study, "_place"), {"file": file.key, "item": "Köln “live”", "column": "U-Net"})
    assert (grid(study).items, grid(study).columns) == (["Köln “live”"], ["reference", "mixture", "U-Net"])
    researcher.post(page(study, "_rename"), {"swap": "1"})
    assert grid(study).columns == ["Köln “live”"]
    researcher.post(page(study, "_rename"), {"swap": "1"})
    researcher.post(page(study, "_place"), {"file": file.key, "out": "1"})
    assert grid(study).columns == ["reference", "mixture"]
    shown = researcher.post(page(study, "_place"), {"file": file.key, "item": "", "column": "x"}, follow=True)
    assert "Choose the item and the column" in shown.content.decode()


def test_an_excerpt_is_chosen_heard_and_taken_back(researcher, study, tmp_path):
    song = voice(0, seconds=15)
    upload(researcher, study, write(tmp_path / "w", {"a/reference.wav": song, "a/mixture.wav": song, "a/x.wav": song}))
    file = grid(study).files[0]
    researcher.post(page(study, "_excerpt"), {"item": "a", "start": "3.5", "seconds": "2", "fade": "5"})
    panel = researcher.get(page(study), {"cell": file.key}).content.decode()
    assert "excerpt from 3.500 s; cut to 2.000 s (32000 samples); faded in and out over 5 ms" in panel
    heard = researcher.get(page(study, "_play", file.key), {"prepared": "1"}).content
    (tmp_path / "heard.wav").write_bytes(heard)
    assert audio.read(tmp_path / "heard.wav").frames == 32000
    whole = b"".join(researcher.get(page(study, "_play", file.key)).streaming_content)
    assert whole == (tmp_path / "w" / file.name).read_bytes()
    told = researcher.post(page(study, "_excerpt"), {"item": "a", "start": "3", "seconds": "40"}, follow=True)
    assert "between 0.4 and 12 seconds" in told.content.decode()
    researcher.post(page(study, "_excerpt"), {"item": "a", "whole": "1"})
    assert grid(study).plan.excerpts == {}


def test_a_preparation_is_cancelled_and_what_has_come_is_thrown_away_only_when_asked(researcher, study, tmp_path):
    upload(researcher, study, folder(tmp_path / "songs", items=1))
    researcher.post(page(study, "_prepare"))
    told = researcher.post(page(study, "_rename"), {"swap": "1"}, follow=True)
    assert "sounds are being processed" in told.content.decode()
    researcher.post(page(study, "_cancel"))
    assert Preparation.objects.first().status == "cancelled"
    assert grid(study).items == ["song0"]
    intake = study.intakes.get()
    researcher.post(page(study, "_discard"))
    assert not intake.folder.exists()
    assert "Drop a folder" in researcher.get(page(study)).content.decode()


def test_a_server_folder_is_read_only_below_the_roots(researcher, study, tmp_path, settings):
    root = folder(tmp_path / "songs", items=1)
    told = researcher.post(page(study, "_folder"), {"source": str(root)}, follow=True).content.decode()
    assert "o folder of the server may be read; list folders in INTAKE_ROOTS" in told
    settings.INTAKE_ROOTS = [tmp_path]
    researcher.post(page(study, "_folder"), {"source": "songs"})
    work()
    assert grid(study).items == ["song0"]


def test_every_sound_and_what_was_done_to_it_stands_in_a_table(researcher, study, tmp_path):
    own = voice(0)
    sounds = {"a/reference.wav": own, "a/mixture.wav": own, "a/x.wav": changed(own, np.roll(own.samples, 160))}
    upload(researcher, study, write(tmp_path / "w", sounds))
    researcher.post(page(study, "_fix"), {"safe": "1"})
    researcher.post(page(study, "_prepare"))
    work()
    sent = b"".join(researcher.get(page(study, "_csv")).streaming_content).decode()
    rows = {row["heard_as"]: row for row in csv.DictReader(io.StringIO(sent))}
    assert rows["x"]["treatment"] == "advanced by 160 samples (10.0 ms)"
    assert rows["vocals"]["role"] == "open reference"
    assert rows["hidden-reference"]["sha256"] == rows["vocals"]["sha256"]
    assert float(rows["x"]["loudness_lufs"]) == pytest.approx(-24, abs=0.01)


def test_nothing_of_another_study_is_played_or_changed(researcher, study, tmp_path):
    upload(researcher, study, folder(tmp_path / "songs", items=1))
    other = stimuli.new_study("other", "Other", "ward-2")
    file = IntakeFile.objects.first()
    assert researcher.get(page(other, "_play", file.pk)).status_code == 404
    assert researcher.put(f"{page(other, '_file', file.pk)}?offset=0", b"x").status_code == 404


def test_the_page_asks_the_database_no_more_for_many_sounds(researcher, study, tmp_path, django_assert_max_num_queries):
    upload(researcher, study, folder(tmp_path / "songs", items=6))
    with django_assert_max_num_queries(25):
        researcher.get(page(study))
    researcher.post(page(study, "_prepare"))
    work()
    with django_assert_max_num_queries(25):
        researcher.get(page(study))


def test_the_home_page_shows_that_sounds_are_being_prepared_and_leads_to_them(researcher, study, tmp_path):
    upload(researcher, study, folder(tmp_path / "songs", items=1))
    researcher.post(page(study, "_prepare"))
    assert page(study) in researcher.get(reverse("admin:index")).content.decode()
