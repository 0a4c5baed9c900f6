"""A manifest is scored row by row, whatever its files look like, or refused with the reason."""

import numpy as np
import pytest

from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.objective.fitting.simulate import listener
from lossmodel.objective.network import Head, Objective
from lossmodel.objective.score import score
from tests.lossmodel.objective.songs import song


def written(folder, name, signal, rate=44_100):
    path = folder / f"{name}.wav"
    audio.write(path, audio.Audio(np.ascontiguousarray(signal), rate), subtype="FLOAT")
    return path


def files(folder):
    voice, mixture = (each.numpy() for each in song(1))
    return {
        "voice": written(folder, "voice", voice),
        "mixture": written(folder, "mixture", mixture),
        "band": written(folder, "band", mixture - voice),
        "stereo": written(folder, "stereo", np.repeat(voice, 2, axis=0)),
        "short": written(folder, "short", voice[:, :20_000]),
        "long": written(folder, "long", np.tile(voice, 2)),
    }


def test_rows_keep_their_order_and_have_the_columns_of_the_scores_file(tmp_path):
    file = files(tmp_path)
    rows = [
        Pair("song", name, "system", file[name], (file["voice"],), file["mixture"]) for name in ("mixture", "voice")
    ]
    steps = []
    found = score(listener(("quality",)), rows, report=lambda step, of: steps.append((step, of)))
    assert [each.condition for each in found] == ["mixture", "voice"]
    suffixes = ("", "_low", "_high", "_in_calibration")
    assert list(found[0].columns()) == [*(f"quality{suffix}" for suffix in suffixes), "in_calibration"]
    assert steps == [(1, 2), (2, 2)]


def test_an_accompaniment_serves_where_there_is_no_mixture(tmp_path):
    file = files(tmp_path)
    with_mixture = Pair("song", "a", "system", file["mixture"], (file["voice"],), file["mixture"])
    without = Pair("song", "a", "system", file["mixture"], (file["voice"],), None, file["band"])
    one, other = (score(listener(), [pair])[0].opinions["interference"].mean for pair in (with_mixture, without))
    assert one == pytest.approx(other, abs=0.5)


def test_stereo_and_mono_and_other_rates_go_together(tmp_path):
    file = files(tmp_path)
    half = audio.resample(audio.read(file["voice"]), 22_050)
    slow = written(tmp_path, "slow", half.samples, 22_050)
    for estimate, least in ((file["stereo"], 95), (slow, 20)):
        pair = Pair("song", "a", "system", estimate, (file["voice"],), file["mixture"])
        assert score(listener(("quality",)), [pair])[0].opinions["quality"].mean > least


def test_without_a_mixture_those_attributes_are_judged_that_need_none(tmp_path):
    file = files(tmp_path)
    heads = listener(("quality",)).heads | {"degradation": Head({"one": ("levels_slow", "leak")})}
    heads["degradation"].weight.fill_(1.0)
    rows = [Pair("song", "a", "system", file[name], (file["voice"],), None) for name in ("mixture", "voice")]
    worse, same = (found.opinions for found in score(Objective(heads), rows))
    assert worse.keys() == same.keys() == {"degradation"}
    assert worse["degradation"].mean < same["degradation"].mean - 10


def test_a_silent_reference_is_refused(tmp_path):
    voice, mixture = (files(tmp_path)[name] for name in ("voice", "mixture"))
    silent = written(tmp_path, "silent", np.zeros((1, 88_200)))
    with pytest.raises(BadInput, match=r"silent.wav: silent; there is no voice"):
        score(listener(), [Pair("song", "a", "system", voice, (silent,), mixture)])


@pytest.mark.parametrize("delay", [-300, 2048, 17_640])
def test_a_constant_delay_and_polarity_are_not_heard(tmp_path, delay):
    file = files(tmp_path)
    late = written(tmp_path, "late", -np.roll(audio.read(file["voice"]).samples, delay))
    pair = Pair("song", "a", "system", late, (file["voice"],), file["mixture"])
    assert min(opinion.mean for opinion in score(listener(), [pair])[0].opinions.values()) > 90


@pytest.mark.parametrize(
    ("estimate", "mixture", "message"),
    [("voice", None, "neither mixture nor accompaniment"), ("long", "mixture", "cut them"), ("short", "short", "cut")],
)
def test_what_cannot_be_judged_is_refused_with_the_reason(tmp_path, estimate, mixture, message):
    file = files(tmp_path)
    pair = Pair("song", "a", "system", file[estimate], (file["voice"],), file[mixture] if mixture else None)
    with pytest.raises(BadInput, match=message):
        score(listener(), [pair])


def test_less_than_a_second_is_refused(tmp_path):
    short = files(tmp_path)["short"]
    with pytest.raises(BadInput, match="at least 1 s"):
        score(listener(), [Pair("song", "a", "system", short, (short,), short)])
