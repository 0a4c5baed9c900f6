"""An evaluation says how every song fares, second by second, and what objectives think that nobody trained against."""

import json
import re
from functools import partial

import numpy as np
import pytest
import torch

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.metrics.bss_eval_images import bss_eval_images
from lossmodel.objective import store as objectives
from lossmodel.objective.fitting import simulate
from separation import store
from separation.data import stems
from separation.evaluate import evaluate
from separation.inference.separator import Separator
from separation.networks.waveunet import WaveUNet
from separation.report import evaluation
from separation.report.sounds import Sounds
from tests.separation.builders import RATE, small, songs


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    return songs(tmp_path_factory.mktemp("music") / "songs", count=2, seconds=3.5)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Return a stored separator with random weights."""
    folder = tmp_path_factory.mktemp("checkpoint") / "random"
    recipe = small()
    torch.manual_seed(0)
    store.save(folder, WaveUNet(recipe.network).state_dict(), recipe, {"step": 0})
    return folder


def test_each_song_has_a_value_a_second_and_their_median(music, checkpoint):
    found = evaluate(checkpoint, music)
    for song, place in zip(found["songs"], stems.find(music)):
        assert [len(values) for values in song["windows"].values()] == [3] * 6
        heard = [value for value in song["windows"]["sdr"] if value is not None]
        assert song["museval_sdr"] == pytest.approx(np.median(heard))
        references, rest = stems.read(place)
        mixture = Audio(references["vocals"].samples + rest.samples, rest.rate)
        signals = (Separator(checkpoint)(mixture)["vocals"], references["vocals"], rest)
        e, v, a = (torch.from_numpy(each.samples).double()[None] for each in signals)
        expected = bss_eval_images(e[:, None], torch.stack([v, a], 1), window=RATE).sdr[0, 0].numpy()
        np.testing.assert_allclose(song["windows"]["sdr"], expected, atol=1e-6)
    pooled = [value for song in found["songs"] for value in song["windows"]["sdr"]]
    assert found["museval_sdr"]["median_of_windows"] == pytest.approx(np.median(pooled))
    json.dumps(found, allow_nan=False)


def test_the_page_names_what_is_wrong_and_plays_the_worst_seconds(music, checkpoint, tmp_path):
    sounds = Sounds()
    found = evaluate(checkpoint, music, on_song=partial(evaluation.keep_moments, sounds))
    song = found["songs"][0]
    worst = song["defects"]["most_leak"]
    assert worst["leak_db"] == max(song["windows"]["leak"]) == song["windows"]["leak"][int(worst["start"])]
    assert found["mean"]["leak_db"] == pytest.approx(np.mean([each["leak_db"] for each in found["songs"]]))
    song["song"], song["defects"]["pause_level_db"] = "<b>Ada</b>", -12.0
    song["defects"]["vocals_bandwidth_hz"] = 1000.0
    evaluation.write(tmp_path / "page.html", found, sounds)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;Ada" in page
    assert "<b>Ada" not in page
    assert "high band is dead" in page
    assert "−12.0 dB · bleeds in pauses" in page
    other = found["songs"][1]
    start = other["defects"]["most_damage"]["start"]
    assert f'data-sound="{other["song"]}|{start:g}|vocals"' in page
    held = json.loads(re.search(r'id="hb-sounds">(.*?)</script>', page)[1])
    assert set(re.findall(r'data-sound="([^"]+)"', page)) <= set(held)


def test_auditors_are_named_after_their_folders_and_stand_beside_the_objective(music, checkpoint, tmp_path):
    for name in ("mine", "theirs"):
        objectives.save(simulate.listener(), tmp_path / name, card={})
    found = evaluate(checkpoint, music, objective=tmp_path / "mine", auditors=[tmp_path / "theirs"])
    for song in found["songs"]:
        assert song["theirs:quality"] == pytest.approx(song["quality"])
        assert [piece["start"] for piece in song["pieces"]] == [0.0]
        assert song["pieces"][0]["theirs:quality"] == pytest.approx(song["quality"])
    assert found["mean"]["theirs:quality"] == pytest.approx(np.mean([song["quality"] for song in found["songs"]]))


def test_a_second_without_singing_has_no_value_and_spoils_no_mean(checkpoint, tmp_path):
    parts = {path.stem: audio.read(path) for path in (songs(tmp_path / "s", 1, 3.0) / "synthetic-000").iterdir()}
    parts["vocals"].samples[:, :RATE] = 0
    for name in ("vocals", "accompaniment"):
        audio.write(tmp_path / "songs" / "late" / f"{name}.wav", parts[name], subtype="FLOAT")
    found = evaluate(checkpoint, tmp_path / "songs")
    assert found["songs"][0]["windows"]["sdr"][0] is None
    assert found["mean"]["museval_sdr"] is not None
    assert found["missing"] == {"songs": {}, "museval_windows": 1}
    json.dumps(found, allow_nan=False)


def test_a_separator_that_is_silent_has_the_lowest_values_and_leaves_no_song_out(music, checkpoint, monkeypatch):
    def mute(mixture: Audio) -> dict[str, Audio]:
        return {"vocals": Audio(np.zeros_like(mixture.samples), mixture.rate)}

    monkeypatch.setattr("separation.evaluate.Separator", lambda _loaded: mute)
    found = evaluate(checkpoint, music)
    assert found["mean"]["museval_sdr"] == found["mean"]["si_sdr"] == -100
    assert set(found["museval_sdr"].values()) == {-100.0}
    assert found["missing"] == {"songs": {}, "museval_windows": 0}


def test_a_song_in_which_no_second_has_all_sources_is_counted_as_missing(checkpoint, tmp_path):
    parts = {path.stem: audio.read(path) for path in (songs(tmp_path / "s", 1, 2.0) / "synthetic-000").iterdir()}
    for song, silent in (("together", 0), ("in turn", RATE)):
        parts["vocals"].samples[:, :silent] = 0
        parts["accompaniment"].samples[:, silent or 2 * RATE :] = 0
        for name in ("vocals", "accompaniment"):
            audio.write(tmp_path / "songs" / song / f"{name}.wav", parts[name], subtype="FLOAT")
    found = evaluate(checkpoint, tmp_path / "songs")
    assert found["missing"]["songs"] == dict.fromkeys((f"museval_{name}" for name in ("sdr", "isr", "sir", "sar")), 1)
    assert found["missing"]["museval_windows"] == 2
    assert found["mean"]["museval_sdr"] == max(song["museval_sdr"] or -1e9 for song in found["songs"])
