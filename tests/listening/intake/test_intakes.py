"""An intake: files sent in pieces, archives, server folders, a grid to correct, a preparation as a run."""

import io
import os
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from listening import stimuli, tasks
from listening.intake.archive import Limits, unpack
from listening.intake.faults import check, stops
from listening.intake.folders import below_roots, files_below
from listening.intake.mending import mend, mend_safely
from listening.models import Audio, Intake, Preparation, Stimulus
from listening.stimuli import intakes, making, uploads
from listening.stimuli.uploads import Announced
from lossmodel.errors import BadInput
from tests.listening.intake.builders import changed, folder, voice, write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_intake_dir(settings, tmp_path):
    settings.INTAKE_DIR = tmp_path / "intake"


@pytest.fixture
def intake():
    return uploads.open_intake(stimuli.new_study("pilot", "Pilot", "ward-2"))


def send(intake: Intake, root: Path) -> None:
    """Upload every file below `root`, in two pieces each."""
    paths = {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if path.is_file()}
    rows = uploads.announce(intake, [Announced(name, path.stat().st_size) for name, path in paths.items()])
    for row in rows:
        content = paths[row.name].read_bytes()
        half = len(content) // 2
        uploads.take(row, 0, io.BytesIO(content[:half]))
        uploads.take(row, half, io.BytesIO(content[half:]))


def run(intake: Intake, work: str) -> Preparation:
    made = Preparation.objects.create(intake=intake, work=work)
    tasks.prepare(made.pk)
    made.refresh_from_db()
    intake.refresh_from_db()
    return made


def zipped(path: Path, files: dict[str, bytes], **attributes: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = attributes.get("mode", 0o644) << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def test_a_folder_that_was_uploaded_becomes_the_sounds_of_the_draft(intake, tmp_path):
    send(intake, folder(tmp_path / "songs", items=2, systems=3))
    checked = run(intake, "check")
    assert (checked.status, checked.report) == ("done", {"files": 10, "faults": 0, "to_mend": 0})
    done = run(intake, "prepare")
    assert (done.status, done.report["items"]) == ("done", 2)
    study = intake.study
    study.refresh_from_db()
    assert study.rate == 16000
    assert Stimulus.objects.filter(item__study=study).count() == 2 * (3 + 2 + 1)
    intake.refresh_from_db()
    assert intake.ended_at
    assert not intake.folder.exists()
    assert study.open()


def test_a_file_that_was_cut_goes_on_where_it_was_and_a_piece_elsewhere_is_told_where(intake, tmp_path):
    content = os.urandom(3000)
    row = uploads.announce(intake, [Announced("a/reference.wav", 3000)])[0]
    uploads.take(row, 0, io.BytesIO(content[:1000]))
    again = uploads.announce(intake, [Announced("a/reference.wav", 3000)])[0]
    assert (again.pk, again.received) == (row.pk, 1000)
    with pytest.raises(uploads.OtherOffset) as told:
        uploads.take(again, 0, io.BytesIO(content[:1000]))
    assert told.value.received == 1000
    uploads.take(again, 1000, io.BytesIO(content[1000:]))
    assert again.whole
    assert again.path.read_bytes() == content


def test_a_file_that_was_changed_meanwhile_starts_anew_and_so_does_one_that_is_gone_from_the_disc(intake):
    row = uploads.announce(intake, [Announced("a.wav", 3000, modified=1)])[0]
    uploads.take(row, 0, io.BytesIO(bytes(1000)))
    assert uploads.announce(intake, [Announced("a.wav", 3000, modified=1)])[0].received == 1000
    assert uploads.announce(intake, [Announced("a.wav", 3000, modified=2)])[0].received == 0
    uploads.take(uploads.announce(intake, [Announced("a.wav", 3000, modified=2)])[0], 0, io.BytesIO(bytes(500)))
    row.path.unlink()
    assert uploads.announce(intake, [Announced("a.wav", 3000, modified=2)])[0].received == 0


def test_a_disc_that_is_full_while_sounds_are_made_is_told_in_words_and_nothing_came_in(intake, tmp_path, monkeypatch):
    send(intake, folder(tmp_path / "songs", items=1))
    run(intake, "check")

    def full(*_args, **_given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making.audio, "loudness", full)
    with pytest.raises(BadInput, match="the server's disk is full: the study is unchanged"):
        run(intake, "prepare")
    assert Audio.objects.count() == 0
    monkeypatch.undo()
    failed = Preparation.objects.get(work="prepare")
    assert "disk is full" in failed.message
    assert failed.resume()


def test_what_came_before_the_connection_broke_is_kept(intake):
    class Cut(io.BytesIO):
        def read(self, size=-1):
            if piece := super().read(100):
                return piece
            raise OSError("the connection broke")

    row = uploads.announce(intake, [Announced("a/reference.wav", 3000)])[0]
    uploads.take(row, 0, Cut(bytes(700)))
    assert row.received == row.path.stat().st_size == 700


def test_a_full_disc_is_told_beside_the_file_and_nothing_that_came_is_lost(intake, monkeypatch):
    class Full(io.BytesIO):
        def read(self, size=-1):
            if piece := super().read(100):
                return piece
            raise OSError(28, "No space left on device")

    row = uploads.announce(intake, [Announced("a/reference.wav", 3000)])[0]
    with pytest.raises(uploads.NoRoom, match="disk is full; uploaded data is kept"):
        uploads.take(row, 0, Full(bytes(500)))
    assert row.received == 500
    monkeypatch.setattr(uploads, "TO_SPARE", 10**18)
    with pytest.raises(uploads.NoRoom, match="has room for 0 MB"):
        uploads.announce(intake, [Announced("b.wav", 3000)])


def test_what_a_full_disc_did_not_take_does_not_count_as_come(intake):
    row = uploads.announce(intake, [Announced("a/reference.wav", 3000)])[0]
    row.path.parent.mkdir(parents=True, exist_ok=True)
    row.path.symlink_to("/dev/full")
    with pytest.raises(uploads.NoRoom, match="disk is full"):
        uploads.take(row, 0, io.BytesIO(bytes(500)))
    assert row.received == 0


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [
        ("../../etc/passwd.wav", 10, "leads out of the folder"),
        ("/etc/passwd.wav", 10, "leads out of the folder"),
        ("a/nothing.wav", 0, "0 bytes"),
        ("a/two\nlines.wav", 10, "holds a control character; rename it"),
        ("a/huge.wav", 4 * 10**9, "4.0 GB, at most 2.1 GB"),
        ("a/clip.mov", 10, "is a video"),
        ("a/notes.txt", 10, "is not a sound"),
    ],
)
def test_what_is_not_worth_sending_is_told_before_it_is_sent(intake, name, size, reason):
    row = uploads.announce(intake, [Announced(name, size)])[0]
    assert reason in row.problem
    with pytest.raises(BadInput):
        uploads.take(row, 0, io.BytesIO(b"x"))
    assert not row.path.exists()


def test_more_bytes_than_were_announced_are_refused(intake):
    row = uploads.announce(intake, [Announced("a.wav", 10)])[0]
    with pytest.raises(BadInput, match="larger than the 10 bytes"):
        uploads.take(row, 0, io.BytesIO(bytes(20)))
    assert row.received == 0


@pytest.mark.parametrize("name", ['a "quoted"', "emoji 🎤", "=cmd|' calc'!A0", "n" * 200])
def test_strange_names_come_through_as_they_are(intake, tmp_path, name):
    own = voice(0)
    sounds = {f"{name}/{column}.wav": own for column in ("reference", "mixture", "x")}
    for path, sound in sounds.items():
        content = write(tmp_path / "one", {"x.wav": sound}) / "x.wav"
        row = uploads.announce(intake, [Announced(path, content.stat().st_size)])[0]
        uploads.take(row, 0, io.BytesIO(content.read_bytes()))
    run(intake, "check")
    before = intakes.grid_of(intake)
    intakes.keep_grid(intake, before, mend_safely(before))
    assert run(Intake.objects.get(), "prepare").status == "done"
    assert intake.study.items.get().name == name[:120].lstrip("=")


def test_long_names_that_differ_only_at_their_ends_stay_two_items(intake, tmp_path):
    sound = (write(tmp_path / "one", {"x.wav": voice(0)}) / "x.wav").read_bytes()
    for song in ("n" * 299 + "1", "n" * 299 + "2"):
        for column in ("reference", "mixture", "x"):
            row = uploads.announce(intake, [Announced(f"{song}/{column}.wav", len(sound))])[0]
            uploads.take(row, 0, io.BytesIO(sound))
    assert run(intake, "check").report["files"] == 6
    before = intakes.grid_of(intake)
    assert {fault.text.rpartition(": ")[2] for fault in stops(check(before))} == {
        "the item's name has 300 characters, 120 are possible"
    }
    intakes.keep_grid(intake, before, mend_safely(before))
    assert run(Intake.objects.get(), "prepare").status == "done"
    assert intake.study.items.count() == 2


def test_a_zip_is_unpacked_and_what_is_dangerous_in_it_is_left_out_with_its_reason(intake, tmp_path):
    root = folder(tmp_path / "songs", items=1, systems=1)
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.wav")}
    files |= {
        "song0/two\nlines.wav": b"x",
        "../out.wav": b"x",
        "/abs.wav": b"x",
        "__MACOSX/song0/._reference.wav": b"x",
    }
    archive = zipped(tmp_path / "up.zip", files)
    row = uploads.announce(intake, [Announced("up.zip", archive.stat().st_size)])[0]
    uploads.take(row, 0, io.BytesIO(archive.read_bytes()))
    run(intake, "check")
    grid = intakes.grid_of(intake)
    assert grid.items == ["song0"]
    told = sorted(file.problem for file in grid.files if file.problem)
    assert told == [
        *(f"{name}: its name leads out of the archive; left out" for name in ("../out.wav", "/abs.wav")),
        "song0/two\nlines.wav: its name holds a control character; left out",
    ]
    assert not (tmp_path / "out.wav").exists()
    assert run(intake, "prepare").status == "done"


def test_bombs_links_and_broken_archives_are_refused_and_leave_nothing(tmp_path):
    bomb = zipped(tmp_path / "bomb.zip", {"a.wav": bytes(4_000_000)})
    with pytest.raises(BadInput, match="times its size, which sounds never do"):
        unpack(bomb, tmp_path / "b", "bomb.zip", limits=Limits(spared=1_000_000))
    with pytest.raises(BadInput, match="contains 3 files, at most 2 are possible"):
        unpack(zipped(tmp_path / "n.zip", dict.fromkeys("abc", b"")), tmp_path / "n", "n.zip", limits=Limits(files=2))
    with pytest.raises(BadInput, match=r"at most 0\.0 GB are possible"):
        unpack(bomb, tmp_path / "s", "bomb.zip", limits=Limits(bytes=1000))
    link = zipped(tmp_path / "link.zip", {"a.wav": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777)
    assert (
        unpack(link, tmp_path / "l", "link.zip", limits=Limits())[0].problem == "a.wav: is a link, not a file; left out"
    )
    cut = tmp_path / "cut.zip"
    cut.write_bytes(bomb.read_bytes()[:-30])
    with pytest.raises(BadInput, match=r"cut.zip: cannot be unpacked"):
        unpack(cut, tmp_path / "c", "cut.zip", limits=Limits())
    assert not any((tmp_path / name).exists() and list((tmp_path / name).iterdir()) for name in "bnsc")


def test_a_server_folder_is_read_in_place_only_below_the_roots_and_not_through_links(tmp_path, intake, settings):
    root = folder(tmp_path / "sounds", items=1)
    secret = write(tmp_path / "secret", {"x.wav": voice(3)})
    (root / "song0" / "link.wav").symlink_to(secret / "x.wav")
    (root / "away").symlink_to(secret)
    assert "song0/link.wav" not in files_below(root)
    assert below_roots("song0", [root]) == root / "song0"
    for outside in ("../secret", str(secret), "away", "nothing"):
        with pytest.raises(BadInput, match="no folder below"):
            below_roots(outside, [root])
    with pytest.raises(BadInput, match="INTAKE_ROOTS"):
        below_roots("song0", [])
    Intake.objects.filter(pk=intake.pk).update(source=str(root))
    assert run(intake, "check").report["files"] == 4
    assert run(intake, "prepare").status == "done"
    assert (root / "song0" / "reference.wav").exists()


def test_a_storage_prefix_is_fetched_only_from_where_it_may(intake, settings, tmp_path):
    folder(Path(settings.MEDIA_ROOT) / "incoming" / "mine", items=1)
    Intake.objects.filter(pk=intake.pk).update(source="storage:incoming/mine")
    assert run(intake, "check").report["files"] == 4
    Intake.objects.filter(pk=intake.pk).update(source="storage:audio/")
    with pytest.raises(BadInput, match="only files below incoming/"):
        run(intake, "check")


def test_a_manifest_says_where_files_belong_whatever_they_are_called(intake, tmp_path):
    own = voice(0)
    root = write(tmp_path / "m", {f"take{n}.wav": own for n in range(3)})
    (root / "files.csv").write_text(
        "Item;Condition;File\nKöln;ref;take0.wav\nKöln;umx;take1.wav\nKöln;mix;take2.wav\n", "latin-1"
    )
    send(intake, root)
    run(intake, "check")
    grid = intakes.grid_of(intake)
    assert (grid.items, grid.columns) == (["Köln"], ["reference", "mixture", "umx"])
    assert check(grid) == []


def test_a_correction_of_the_grid_is_kept_and_what_was_late_against_another_reference_is_looked_at_again(
    intake, tmp_path
):
    own, other = voice(0), voice(5)
    late = changed(own, np.pad(own.samples, ((0, 0), (400, 0)))[:, : own.frames])
    send(intake, write(tmp_path / "w", {"a/reference.wav": other, "a/good.wav": own, "a/late.wav": late}))
    run(intake, "check")
    before = intakes.grid_of(intake)
    assert "offset" not in {fault.kind for fault in check(before)}
    moved = {"reference": "odd", "good": "reference"}
    swapped = before.changed(*(replace(file, column=moved.get(file.column, file.column)) for file in before.files))
    assert intakes.change(intake, before, swapped)
    faults = check(intakes.grid_of(Intake.objects.get()))
    assert [fault.text for fault in faults if fault.kind == "offset"] == [
        "a/late.wav: 400 samples (25.0 ms) late against the reference"
    ]


def test_a_preparation_with_faults_fails_with_all_of_them_on_its_row_and_goes_on_when_they_are_mended(intake, tmp_path):
    own = voice(0)
    stereo = {"a/reference.wav": changed(own, np.repeat(own.samples, 2, axis=0)), "a/mixture.wav": own, "a/x.wav": own}
    send(intake, write(tmp_path / "w", stereo))
    run(intake, "check")
    with pytest.raises(BadInput):
        run(intake, "prepare")
    failed = Preparation.objects.get(work="prepare")
    assert failed.message.startswith("2 faults to fix: a/mixture.wav: mono")
    assert Audio.objects.count() == 0
    before = intakes.grid_of(intake)
    for fault in check(before):
        intakes.keep_grid(intake, intakes.grid_of(intake), mend(intakes.grid_of(intake), fault, "stereo"))
    assert failed.resume()
    tasks.prepare(failed.pk)
    failed.refresh_from_db()
    assert failed.status == "done"


def test_a_preparation_that_was_cancelled_lets_nothing_in_and_takes_what_it_made_when_it_goes_on(intake, tmp_path):
    send(intake, folder(tmp_path / "songs", items=3))
    run(intake, "check")
    made = Preparation.objects.create(intake=intake)

    def stop(step: int, steps: int) -> None:
        if step == 2:
            Preparation.objects.get(pk=made.pk).cancel()

    tasks.prepare(made.pk, report=stop)
    made.refresh_from_db()
    assert (made.status, Audio.objects.count(), intake.study.items.count()) == ("cancelled", 0, 0)
    cards = {path: path.stat().st_mtime_ns for path in (intake.folder / "made").glob("*/made.json")}
    assert len(cards) >= 2
    assert made.resume()
    tasks.prepare(made.pk)
    made.refresh_from_db()
    assert (made.status, intake.study.items.count()) == ("done", 3)


def test_what_was_on_its_way_into_a_study_that_was_deleted_is_swept(intake, tmp_path, capsys):
    send(intake, folder(tmp_path / "songs", items=1))
    intake.study.delete()
    call_command("sweep")
    assert not intake.folder.exists()
    assert "1 deleted studies: deleted" in capsys.readouterr().out


def test_left_over_uploads_are_swept_and_those_of_today_are_not(intake, tmp_path, settings, capsys):
    send(intake, folder(tmp_path / "songs", items=1))
    call_command("sweep")
    assert intake.folder.exists()
    intake.study.open()
    call_command("sweep")
    assert not intake.folder.exists()
    assert "no longer needed; deleted" in capsys.readouterr().out
    call_command("sweep")
    assert "deleted" not in capsys.readouterr().out
