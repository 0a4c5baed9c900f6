"""Other people's tests come in whole: every published rating, unaltered; or not at all."""

import csv
import io
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from listening.exports import facts
from listening.exports import ratings as export
from listening.importers import FORMATS, import_study
from listening.importers.published import Line, gather
from listening.models import Assessor, Role, Stimulus, Study
from lossmodel import audio
from lossmodel.errors import BadInput
from tests.builders import tone
from tests.listening.published import nothing_kept, sound, write_csv

pytestmark = pytest.mark.django_db


def ward(folder: Path, **changes) -> Path:
    """Return a folder like Ward's: one assessor, one page rated twice on quality and once on interference."""
    rows = []
    for experiment, order, replicate in (("quality", 4, True), ("quality", 1, True), ("interferer", 0, False)):
        for number, name in enumerate(("STO1", "ref", "Interferer", "Quality")):
            rows.append({
                "is_replicate": replicate, "page": "p1", "page_duration": 60.5 + order, "page_order": order,
                "rating": 10 * number + order, "sound": name, "url": f"sounds/p1/{name}.wav",
                "experiment": experiment, "subject": "A",
            })  # fmt: skip
    rows[0].update(changes)
    write_csv(folder / "ratings.csv", rows)
    for name, other in (("STO1", 0.1), ("ref", 0.0), ("Interferer", 1.0), ("Quality", 0.2)):
        sound(folder / "sounds" / "p1" / f"{name}.flac", other=other)
    return folder


def test_ward_comes_with_roles_replicates_order_and_time(tmp_path):
    made = import_study(ward(tmp_path), "ward2018")
    assert (made.slug, made.status, made.preset) == ("ward2018", "closed", "ward-2")
    assert (made.loudness, made.replicates) == (None, 1)
    rows = list(export.rows(made))
    assert Counter((row["attribute"], row["replicate"], row["trial"], row["seconds"]) for row in rows) == {
        ("quality", 0, 1, 61.5): 4, ("quality", 1, 4, 64.5): 4, ("interference", 0, 0, 60.5): 4,
    }  # fmt: skip
    assert {row["condition"]: row["role"] for row in rows} == {
        "STO1": "system", "ref": "reference", "Quality": "anchor", "Interferer": "anchor",
    }  # fmt: skip
    assert {(row["assessor"], row["simulated"]) for row in rows} == {("ward2018-A", False)}
    item = made.items.get()
    assert item.mixture == Stimulus.objects.get(condition__name="Interferer").audio
    assert item.references.get().audio == Stimulus.objects.get(condition__name="ref").audio


def test_the_accompaniment_of_ward_is_what_makes_the_mixture_with_the_reference(tmp_path):
    item = import_study(ward(tmp_path), "ward2018").items.get()
    whole, own, rest = (
        audio.read(row.path).samples for row in (item.mixture, item.references.get().audio, item.accompaniment)
    )
    gain = np.vdot(own, whole) / np.vdot(own, own)
    assert np.abs(gain * (own + rest) - whole).max() < 1e-6
    assert abs(np.vdot(own, rest)) < 1e-3 * np.vdot(own, own)


def test_a_folder_of_sounds_becomes_a_draft(tmp_path):
    for name in ("reference", "mixture", "unet"):
        sound(tmp_path / "pilot" / "song" / f"{name}.wav", other=len(name) / 10)
    made = import_study(tmp_path / "pilot", "folder")
    assert (made.slug, made.status, made.conditions.filter(role=Role.ANCHOR).count()) == ("pilot", "draft", 2)


def test_a_system_that_is_silent_in_an_excerpt_comes_in_and_the_report_names_it(tmp_path, capsys):
    folder = tmp_path / "pilot"
    for song in ("anna", "ben"):
        for name in ("reference", "mixture", "accompaniment", "unet", "mute"):
            nothing = song == "ben" and name in {"mute", "accompaniment"}
            heard = tone(200 + 20 * len(name), seconds=1.2, rate=16000).samples * np.float32(not nothing)
            audio.write(folder / song / f"{name}.wav", audio.Audio(heard, 16000))
    call_command("import_study", folder, format="folder")
    said = capsys.readouterr().out
    assert "ben: ben/accompaniment.wav: silent (below -80 dBFS)\nben: ben/mute.wav: silent (below -80 dBFS)\n" in said
    assert "anna:" not in said
    call_command("simulate", "pilot", assessors=2)
    rated = {(row["item"], row["condition"]) for row in export.rows(Study.objects.get())}
    assert {("anna", "mute"), ("ben", "mute")} <= rated
    assert facts.facts(Study.objects.get()).unmeasured == 1


def without_a_sound(folder: Path) -> None:
    (ward(folder) / "sounds" / "p1" / "STO1.flac").unlink()


def with_a_text_for_a_sound(folder: Path) -> None:
    (ward(folder) / "sounds" / "p1" / "STO1.flac").write_text("x")


BAD = [
    ("ward2018", Path.mkdir, "ratings.csv: no such file"),
    ("ward2018", without_a_sound, r"row 2: .*STO1.wav does not exist"),
    ("ward2018", with_a_text_for_a_sound, "STO1.flac: cannot be read as audio"),
    ("ward2018", partial(ward, rating=101), r"ratings.csv: row 2: score 101; scores must be from 0 to 100"),
    ("ward2018", partial(ward, rating="loud"), "row 2: rating 'loud'; a number is required"),
    ("ward2018", partial(ward, rating="nan"), "row 2: rating 'nan'; a finite number is required"),
    ("ward2018", partial(ward, experiment="taste"), "row 2: experiment 'taste'; known are: quality, interferer"),
    ("ward2018", partial(ward, subject=""), "row 2: no subject"),
    ("ward2018", partial(ward, page_order=-1), "row 2: page_order '-1'; a whole number from 0 to 32767 is required"),
    ("ward2018", partial(ward, page="p2"), "page p2: no ratings of ref, which is its reference or mixture"),
    ("ward2018", lambda _folder: None, "test: no such file or folder"),
]


@pytest.mark.parametrize(("form", "make", "message"), BAD)
def test_what_cannot_be_imported_is_named_in_one_line_and_nothing_is_kept(tmp_path, form, make, message):
    make(tmp_path / "test")
    with pytest.raises(BadInput, match=message) as caught:
        import_study(tmp_path / "test", form)
    assert "\n" not in str(caught.value)
    assert nothing_kept()


def test_two_pages_in_one_place_of_a_sitting_are_refused():
    first = Line("ratings.csv: row 2", "s", "a", "quality", "p1", "ref", 50.0, position=4)
    with pytest.raises(BadInput, match="row 3: page 4 of the session is p1 in an earlier row, p2 here"):
        gather([first, replace(first, where="ratings.csv: row 3", item="p2")])


def test_assessors_whose_names_agree_in_the_first_80_characters_are_not_taken_for_one():
    name = "a" * 80
    first = Line("ratings.csv: row 2", "s", name, "quality", "p1", "ref", 50.0, position=0)
    assert list(gather([first])) == [("s", name)]
    with pytest.raises(BadInput, match=r"row 3: assessor 'a+b': give a name of at most 80 characters"):
        gather([first, replace(first, where="ratings.csv: row 3", sitting="t", assessor=f"{name}b")])


def test_a_second_import_needs_another_slug_and_shares_the_assessors(tmp_path):
    import_study(ward(tmp_path), "ward2018")
    with pytest.raises(BadInput, match="'ward2018' already; choose another slug"):
        import_study(tmp_path, "ward2018")
    again = import_study(tmp_path, "ward2018", "again")
    assert Assessor.objects.count() == 1
    assert len(list(export.rows(again))) == 12


def test_the_command_imports_says_what_came_and_answers_bad_input_with_status_2(tmp_path, capsys):
    out = io.StringIO()
    call_command("import_study", str(ward(tmp_path)), format="ward2018", slug="w", stdout=out)
    assert out.getvalue().startswith("w: closed, 1 items, 4 conditions, 2 sessions")
    with pytest.raises(SystemExit) as caught:
        call_command("import_study", str(tmp_path), format="ward2018", slug="w")
    assert caught.value.code == 2
    assert capsys.readouterr().err.strip() == "a study is called 'w' already; choose another slug"
    assert set(FORMATS) == {"ward2018", "sisec2018", "folder", "webmushra", "waet"}


def published(path: Path, **columns: str) -> Counter:
    """Return how often each (assessor, item, condition, position, score, seconds …) was published."""
    with path.open(encoding="utf-8", newline="") as file:
        return Counter(
            (row[columns["assessor"]], row[columns["item"]], row[columns["condition"]], int(row[columns["trial"]]),
             float(row["rating"]), float(row[columns["seconds"]]), row.get(columns.get("attribute", ""), ""))
            for row in csv.DictReader(file)
        )  # fmt: skip


@pytest.mark.data
def test_all_4496_ratings_of_ward_2018_come_in_within_a_minute_and_go_out_equal(data):
    began = time.process_time()
    made = import_study(data / "ward2018", "ward2018")
    assert time.process_time() - began < 60  # of this process's own: others may keep the machine busy
    names = {"quality": "quality", "interference": "interferer"}
    rows = list(export.rows(made))
    out = Counter(
        (row["assessor"].removeprefix("ward2018-"), row["item"], row["condition"], row["trial"], row["score"],
         row["seconds"], names[row["attribute"]])
        for row in rows
    )  # fmt: skip
    assert out == published(
        data / "ward2018" / "ratings.csv", assessor="subject", item="page", condition="sound", trial="page_order",
        seconds="page_duration", attribute="experiment",
    )  # fmt: skip
    assert len(rows) == 4496
    assert (made.items.count(), Stimulus.objects.filter(item__study=made).count()) == (11, 88)
    assert sum(row["replicate"] for row in rows) == 34 * 8
    assert len({(r["session"], r["attribute"], r["item"], r["condition"], r["replicate"]) for r in rows}) == 4496
    assert all(pair.accompaniment and pair.mixture for pair in export.pairs(made))


@pytest.mark.data
def test_all_2286_ratings_of_sisec_2018_go_out_equal_and_its_parts_make_its_mixtures(data):
    made = import_study(data / "sisec2018", "sisec2018")
    rows = list(export.rows(made))
    out = Counter(
        (row["assessor"].removeprefix("sisec2018-"), row["item"], row["condition"], row["trial"], row["score"],
         row["seconds"], "")
        for row in rows
    )  # fmt: skip
    assert out == published(
        data / "sisec2018" / "ratings.csv", assessor="sub", item="song", condition="sound", trial="order", seconds="dur"
    )
    assert len(rows) == 2286
    assert sum(row["replicate"] for row in rows) == 14 * 9
    for item in made.items.select_related("mixture", "accompaniment"):
        whole, own, rest = (
            audio.read(row.path).samples for row in (item.mixture, item.references.get().audio, item.accompaniment)
        )
        total = own + rest
        error = whole - total * (np.vdot(total, whole) / np.vdot(total, total))
        assert 10 * np.log10((error**2).sum() / (whole**2).sum()) < -25
