"""Tests as others publish them, in a few seconds of tones: what the tests of the importers read."""

import csv
from pathlib import Path

import numpy as np
from django.core.files.storage import default_storage

from listening.models import Assessor, Audio, Study
from lossmodel import audio
from tests.builders import tone

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


def configured(folder: Path, pages: str, *, test_id: str = "codecs", sounds: tuple[str, ...] = ()) -> Path:
    """Return a folder of webMUSHRA with these pages, a sound at each path, and an own one for each file."""
    for number, name in enumerate(dict.fromkeys(("audio/ref.wav", "audio/c1.wav", "audio/c2.wav", *sounds))):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        sound(folder / name, 220 + 20 * number)
    (folder / "configs").mkdir(parents=True, exist_ok=True)
    (folder / "configs" / "test.yaml").write_text(f"testname: Codecs\ntestId: {test_id}\npages:\n{pages}")
    return folder


def page(id_: object, *, reference: str = "audio/ref.wav", more: str = "", **stimuli: str) -> str:
    """Return the YAML of a page of sliders; `more` is what else it says."""
    named = stimuli or {"C1": "audio/c1.wav", "C2": "audio/c2.wav"}
    files = ", ".join(f"{name}: {file}" for name, file in named.items())
    return f"    - {{type: mushra, id: {id_}, reference: {reference}, stimuli: {{{files}}}{more}}}\n"


def rows_of(trial: str, scores: dict[str, float], **columns: object) -> list[dict]:
    """Return the rows of one page as webMUSHRA writes them: `columns` before the page's id, with a session if given."""
    return [
        {"session_test_id": "codecs", **columns, "trial_id": trial, "rating_stimulus": name, "rating_score": score,
         "rating_time": 2500, "rating_comment": ""}
        for name, score in scores.items()
    ]  # fmt: skip


def nothing_kept() -> bool:
    stored = default_storage.listdir("audio")[1] if default_storage.exists("audio") else []
    return (Study.objects.count(), Audio.objects.count(), Assessor.objects.count(), stored) == (0, 0, 0, [])


def edited(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
