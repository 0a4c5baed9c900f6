"""Other people's tests come in whole: every published rating, unaltered; or not at all."""

import csv
import io
import shutil
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command

from listening import export
from listening.importers import FORMATS, import_study
from listening.importers.published import Line, gather
from listening.models import Assessor, Audio, Role, Session, Stimulus, Study
from lossmodel import audio
from lossmodel.errors import BadInput
from tests.builders import tone

pytestmark = pytest.mark.django_db

RATE = 44100


def sound(path: Path, pitch: float = 220.0, *, other: float = 0.0) -> Path:
    """Write half a second at 44.1 kHz: a tone, with `other` parts of a second one."""
    one, two = tone(pitch, rate=RATE).samples, tone(3 * pitch, rate=RATE).samples
    audio.write(path, audio.Audio(((one + other * two) / (1 + other)).astype(np.float32), RATE), subtype="PCM_16")
    return path


def write_csv(path: Path, rows: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


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


def webmushra(folder: Path, *, results: bool = True) -> Path:
    """Return a folder like webMUSHRA's, with nested random pages and anchors that its browser made."""
    for name in ("ref", "c1", "c2"):
        sound(folder / "configs" / "audio" / f"{name}.wav", other=0.1 * len(name))
    files = "reference: configs/audio/ref.wav, stimuli: {C1: configs/audio/c1.wav, C2: configs/audio/c2.wav}"
    (folder / "configs" / "codecs.yaml").write_text(f"""testname: Codecs
testId: codecs_1
pages:
    - {{type: generic, id: hello, name: Hello}}
    -
        - random
        - {{type: mushra, id: trial1, createAnchor35: true, createAnchor70: false, {files}}}
        - {{type: mushra, id: trial2, createAnchor35: true, createAnchor70: false, {files}}}
    - {{type: finish, name: Thanks}}
""")
    rows = [
        {
            "session_test_id": "codecs_1", "email": "x", "session_uuid": person, "trial_id": trial,
            "rating_stimulus": stimulus, "rating_score": score, "rating_time": 30500, "rating_comment": "a & b",
        }
        for person, trials in (("u1", ("trial2", "trial1")), ("u2", ("trial1", "trial2")))
        for trial in trials
        for stimulus, score in (("reference", 100), ("C1", 55), ("C2", 60.5), ("anchor35", 5))
    ]  # fmt: skip
    if results:
        write_csv(folder / "results" / "codecs_1" / "mushra.csv", rows)
    return folder


WAET = """<waetresult key="{key}">
  <page ref="drums" state="complete">
    <metric><metricresult id="testTime" name="testTime">41.5</metricresult></metric>
    <audioelement ref="a" type="normal" url="media/a.wav"><value interface-name="null">{score}</value></audioelement>
    <audioelement ref="r" type="reference" url="media/r.wav"><value>1</value></audioelement>
    <audioelement ref="low" type="anchor" url="media/low.wav"><value>0.1</value></audioelement>
    <audioelement ref="out" type="outside-reference" url="media/r.wav"/>
  </page>
  <page ref="bass" state="empty"/>
</waetresult>"""


def waet(folder: Path, *scores: str) -> Path:
    for number, name in enumerate(("a", "r", "low")):
        sound(folder / "media" / f"{name}.wav", 200 + 20 * number)
    (folder / "test.xml").write_text("<waet><page id='drums'/></waet>")
    for number, score in enumerate(scores or ("0.75", "0.5")):
        (folder / f"save-{number}.xml").write_text(WAET.format(key=f"k{number}", score=score))
    return folder


def nothing_kept() -> bool:
    stored = default_storage.listdir("audio")[1] if default_storage.exists("audio") else []
    return (Study.objects.count(), Audio.objects.count(), Assessor.objects.count(), stored) == (0, 0, 0, [])


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


def test_webmushra_comes_with_its_pages_its_anchors_rendered_and_its_ratings(tmp_path):
    made = import_study(webmushra(tmp_path), "webmushra")
    assert (made.slug, made.title, made.status) == ("codecs_1", "Codecs", "closed")
    rows = list(export.rows(made))
    assert len(rows) == 16
    roles = {row["condition"]: row["role"] for row in rows}
    assert roles == {"hidden-reference": "reference", "C1": "system", "C2": "system", "lowpass-3500": "anchor"}
    assert {row["score"] for row in rows if row["condition"] == "C2"} == {60.5}
    assert [row["item"] for row in rows if row["condition"] == "C1"] == ["trial2", "trial1", "trial1", "trial2"]
    assert {row["seconds"] for row in rows} == {30.5}
    exported = io.StringIO()
    export.write_webmushra(made, exported)
    rated = csv.DictReader(io.StringIO(exported.getvalue()))
    back = [(r["trial_id"], r["rating_stimulus"], float(r["rating_score"])) for r in rated]
    with (tmp_path / "results" / "codecs_1" / "mushra.csv").open() as file:
        assert back == [(r["trial_id"], r["rating_stimulus"], float(r["rating_score"])) for r in csv.DictReader(file)]


def test_webmushra_without_results_becomes_a_draft_that_can_be_run(tmp_path):
    made = import_study(webmushra(tmp_path, results=False) / "configs" / "codecs.yaml", "webmushra", "mine")
    assert (made.slug, made.status, made.sessions.count()) == ("mine", "draft", 0)
    made.open()
    assert Session.objects.begin(made, Assessor.objects.create()).trials.count() == 2


def test_waet_comes_with_values_as_ratings_and_without_unfinished_pages(tmp_path):
    made = import_study(waet(tmp_path / "Drum test"), "waet")
    assert (made.slug, made.items.get().name) == ("drum-test", "drums")
    rows = list(export.rows(made))
    scores = [[75, 100, 10], [50, 100, 10]]
    assert [(row["condition"], row["score"]) for row in rows] == [
        pair for own in scores for pair in zip(("a", "r", "low"), own, strict=True)
    ]
    assert {row["condition"]: row["role"] for row in rows} == {"a": "system", "r": "reference", "low": "anchor"}
    assert {row["assessor"] for row in rows} == {"drum-test-k0", "drum-test-k1"}
    assert {row["attribute"] for row in rows} == {"basic-audio-quality"}
    assert {row["seconds"] for row in rows} == {41.5}


def test_every_axis_of_waet_is_an_attribute(tmp_path):
    folder = waet(tmp_path / "axes", "0.5")
    save = folder / "save-0.xml"
    edited(save, ('"null"', '"Punch"'), ("<value>", '<value interface-name="Bright ness">'))
    made = import_study(folder, "waet")
    assert set(made.attributes.values_list("key", flat=True)) == {"punch", "bright-ness"}


def test_a_folder_of_sounds_becomes_a_draft(tmp_path):
    for name in ("reference", "mixture", "unet"):
        sound(tmp_path / "pilot" / "song" / f"{name}.wav", other=len(name) / 10)
    made = import_study(tmp_path / "pilot", "folder")
    assert (made.slug, made.status, made.conditions.filter(role=Role.ANCHOR).count()) == ("pilot", "draft", 2)


def edited(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def without_a_sound(folder: Path) -> None:
    (ward(folder) / "sounds" / "p1" / "STO1.flac").unlink()


def with_a_text_for_a_sound(folder: Path) -> None:
    (ward(folder) / "sounds" / "p1" / "STO1.flac").write_text("x")


def with_broken_yaml(folder: Path) -> None:
    (webmushra(folder) / "configs" / "codecs.yaml").write_text("pages: [")


def with_two_configurations(folder: Path) -> None:
    shutil.copy(webmushra(folder) / "configs" / "codecs.yaml", folder / "configs" / "other.yaml")


def with_a_rating_of_nothing(folder: Path) -> None:
    edited(webmushra(folder) / "results" / "codecs_1" / "mushra.csv", ("C2", "C9"))


def with_a_rating_twice(folder: Path) -> None:
    edited(webmushra(folder) / "results" / "codecs_1" / "mushra.csv", ("C2", "C1"))


def with_a_long_name(folder: Path) -> None:
    edited(webmushra(folder, results=False) / "configs" / "codecs.yaml", ("trial1", "trial" * 30))


def with_half_a_save(folder: Path) -> None:
    (waet(folder) / "save-0.xml").write_text("<waetresult>")


BAD = [
    ("ward2018", Path.mkdir, "ratings.csv: no such file"),
    ("ward2018", without_a_sound, r"row 2: .*STO1.wav does not exist"),
    ("ward2018", with_a_text_for_a_sound, "STO1.flac: cannot be read as audio"),
    ("ward2018", partial(ward, rating=101), r"ratings.csv: row 2: score 101; scores go from 0 to 100"),
    ("ward2018", partial(ward, rating="loud"), "row 2: rating 'loud'; a number is needed"),
    ("ward2018", partial(ward, rating="nan"), "row 2: rating 'nan'; a finite number is needed"),
    ("ward2018", partial(ward, experiment="taste"), "row 2: experiment 'taste'; known are: quality, interferer"),
    ("ward2018", partial(ward, subject=""), "row 2: no subject"),
    ("webmushra", with_broken_yaml, "codecs.yaml: not a YAML file"),
    ("webmushra", with_two_configurations, "found: codecs.yaml, other.yaml; give the file itself"),
    ("webmushra", with_a_rating_of_nothing, "mushra.csv: row 4: no sound of 'trial2' is called 'C9'"),
    ("webmushra", with_a_rating_twice, "row 4: C1 of trial2 is rated twice on one page; keep one"),
    ("ward2018", partial(ward, page_order=-1), "row 2: page_order '-1'; a whole number from 0 to 32767 is needed"),
    ("ward2018", partial(ward, page="p2"), "page p2: no ratings of ref, which is its reference or mixture"),
    ("webmushra", with_a_long_name, "item: name '.*': .* at most 120 characters"),
    ("waet", with_half_a_save, "save-0.xml: not an XML file"),
    ("waet", lambda folder: waet(folder, "1.5"), "save-0.xml: page 'drums', a: score 150; scores go from 0 to 100"),
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
    with pytest.raises(BadInput, match="row 3: page 4 of the sitting is p1 before, p2 here"):
        gather([first, replace(first, where="ratings.csv: row 3", item="p2")])


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
    began = time.monotonic()
    made = import_study(data / "ward2018", "ward2018")
    assert time.monotonic() - began < 60
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
