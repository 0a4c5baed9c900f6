"""Systems are compared on common songs: what differs is told, what may be chance is not, and the worst is heard."""

import base64
import io
import json
import re

import numpy as np
import pytest
import soundfile

from lossmodel import audio, manifest
from lossmodel.audio import Audio
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.objective import store as objectives
from lossmodel.objective.fitting import simulate
from separation import outputs
from separation.choose import choose, compared
from separation.report import chooser
from tests.separation.builders import RATE, noise, write

SONGS = [f"Ada - {n}" for n in range(6)]


def made(values):
    """Return a comparison of systems whose damage and leak in each song are given."""
    figures = {
        (system, song): {
            "damage": damage, "leak": leak, "damage_db": damage - 50, "leak_db": leak - 50, "si_sdr": 0.0,
            "museval_sdr": None, "defects": {},
            "windows": {"damage": [damage, damage + n], "leak": [leak + n, leak]},
        }
        for system, axes in values.items()
        for n, (song, damage, leak) in enumerate(zip(SONGS, *axes))
    }  # fmt: skip
    return compared(SONGS, list(values), figures, [])


@pytest.fixture(scope="module")
def three():
    """Return a comparison of a gentle system, one that is the same to a hair, and one that only leaks less."""
    chance = np.random.default_rng(0)
    songs = np.linspace(-40, 40, 6)
    return made(
        {
            "gentle": (20 + songs, 60 + songs),
            "same": (20 + songs + chance.normal(0, 1, 6), 60 + songs + chance.normal(0, 1, 6)),
            "dry & harsh": (50 + songs + chance.normal(0, 1, 6), 10 + songs + chance.normal(0, 1, 6)),
        }
    )


def test_what_differs_in_every_song_is_told_apart_although_intervals_cross(three):
    assert three.systems["gentle"]["damage"].high > three.systems["dry & harsh"]["damage"].low
    assert three.difference("dry & harsh", "gentle", "damage").is_clear
    assert three.difference("gentle", "dry & harsh", "damage").value == pytest.approx(-30, abs=1.5)
    assert three.alike == [("gentle", "same")] or three.alike == [("same", "gentle")]


def test_a_system_that_another_beats_on_one_axis_only_is_still_a_choice(three):
    assert set(three.unbeaten) == {"gentle", "same", "dry & harsh"}
    worse = made({"good": ([20, 21, 22, 20, 19, 20], [20] * 6), "bad": ([40, 42, 41, 39, 40, 41], [20] * 6)})
    assert worse.unbeaten == ["good"]
    assert next(chooser.verdict(worse)).startswith("good is best")


def test_one_song_tells_nothing_of_others_and_has_no_interval():
    values = {(name, "a"): {"damage": d, "leak": d, **dict.fromkeys(("damage_db", "leak_db", "si_sdr", "museval_sdr"))}
              for name, d in (("x", 10.0), ("y", 90.0))}  # fmt: skip
    found = compared(["a"], ["x", "y"], values, [])
    assert found.alike == [("x", "y")]
    assert found.unbeaten == ["x", "y"]
    assert list(chooser.verdict(found))[-1] == "1 song tells little of others: measure more."
    assert "hb-range" not in chooser.scatter(found)


def test_the_drawing_names_every_system_and_no_name_hides_a_point(three):
    drawn = chooser.scatter(three)
    assert drawn.count("<circle") == 3
    assert drawn.count('class="hb-range"') == 6
    assert ">dry &amp; harsh</text>" in drawn
    labels = {
        (x, y) for x, y in re.findall(r'<text x="([\d.]+)" y="([\d.]+)" text-anchor="(?:start|end)">[a-z]', drawn)
    }
    assert len(labels) == 3


def test_the_worst_moment_is_where_most_is_and_beside_it_stands_who_has_least(three):
    worst = {(system, axis): rest for system, axis, *rest in chooser.worst_moments(three)}
    moment, level, best = worst["dry & harsh", "damage"]
    values = {song: three.figures["dry & harsh", song]["windows"]["damage"] for song in SONGS}
    assert level == max(map(max, values.values())) == values[moment.song][int(moment.start)]
    assert best in {"gentle", "same"}


@pytest.fixture
def music(tmp_path):
    """Write a song and the vocals that two systems made of it, each as it names files."""
    voice, band = noise(0, 2.0), noise(1, 2.0)
    write(tmp_path / "songs" / "Ada - One", vocals=voice, accompaniment=band)
    good, bad = (Audio(voice.samples + gain * band.samples, RATE) for gain in (0.05, 0.8))
    audio.write(tmp_path / "out" / "good" / "Ada - One.vocals.wav", good, subtype="FLOAT")
    audio.write(tmp_path / "out" / "good" / "Ada - One.accompaniment.wav", band, subtype="FLOAT")
    write(tmp_path / "out" / "bad" / "test" / "Ada - One", vocals=bad, drums=band)
    objectives.save(simulate.listener(), tmp_path / "objective", card={})
    return tmp_path


def test_a_folder_of_outputs_becomes_a_comparison_and_a_page_with_its_sounds(music):
    taken = outputs.from_folder(music / "out", music / "songs")
    assert {(each.system, each.song) for each in taken} == {("good", "Ada - One"), ("bad", "Ada - One")}
    found = choose(taken, music / "objective")
    assert found.means["bad"]["leak_db"] == pytest.approx(20 * np.log10(0.8), abs=0.5)
    assert found.systems["good"]["leak"].value < found.systems["bad"]["leak"].value
    json.dumps(found.to_json(), allow_nan=False)
    chooser.write(music / "page.html", found, taken)
    page = (music / "page.html").read_text(encoding="utf-8")
    sounds = json.loads(re.search(r'id="hb-sounds">(.*?)</script>', page)[1])
    assert set(re.findall(r'data-sound="([^"]+)"', page)) == set(sounds)
    heard, rate = soundfile.read(io.BytesIO(base64.b64decode(next(iter(sounds.values())).partition(",")[2])))
    assert (rate, len(heard)) == (RATE, 2 * RATE)
    assert "http" not in page.replace("http://www.w3.org", "")


def test_a_manifest_names_the_same(music):
    song, out = music / "songs" / "Ada - One", music / "out"
    files = {"good": out / "good" / "Ada - One.vocals.wav", "bad": out / "bad" / "test" / "Ada - One" / "vocals.wav"}
    pairs = [Pair("one", name, "system", path, (song / "vocals.wav",), None, song / "accompaniment.wav")
             for name, path in files.items()]  # fmt: skip
    manifest.write(music / "pairs.csv", pairs)
    told = {each.system: each.read() for each in outputs.from_manifest(music / "pairs.csv")}
    listed = {each.system: each.read() for each in outputs.from_folder(out, music / "songs")}
    for name, (estimate, truth) in told.items():
        np.testing.assert_array_equal(estimate.samples, listed[name][0].samples)
        np.testing.assert_allclose(truth.mixture.samples, listed[name][1].mixture.samples, atol=1e-6)


def test_what_cannot_be_compared_is_named(music):
    with pytest.raises(BadInput, match=r"no vocals of the songs of .*; they are called SYSTEM/Ada - One\.vocals\.wav"):
        outputs.from_folder(music / "objective", music / "songs")
    with pytest.raises(BadInput, match="is the only system"):
        choose([each for each in outputs.from_folder(music / "out", music / "songs") if each.system == "good"],
               music / "objective")  # fmt: skip
    song = music / "out" / "good" / "Ada - One.vocals.wav"
    for frames, rate, words in ((RATE, RATE, "1.00 s long, the song has 2.00 s"), (RATE, 16000, "16000 Hz, the song")):
        audio.write(song, Audio(np.ones((1, frames), np.float32), rate), subtype="FLOAT")
        with pytest.raises(BadInput, match=words):
            outputs.from_folder(music / "out", music / "songs")[1].read()
    audio.write(song.with_name("Ada - One.flac"), noise(0, 2.0), subtype="PCM_24")
    with pytest.raises(BadInput, match="of the same song and system; keep one"):
        outputs.from_folder(music / "out", music / "songs")
