"""What silence counts, metric by metric: the table of conventions in docs/metrics.md, held against the code."""

import math

import pytest
import torch

from lossmodel.metrics import families, measure
from lossmodel.metrics.families import HIGHER_IS_BETTER, NAMES
from lossmodel.metrics.peass import peass
from tests.lossmodel.metrics.builders import music, noise, saved
from tests.lossmodel.metrics.test_measure import pair

RATIOS = {"sdr", "sir", "sar", "museval_sdr", "museval_isr", "museval_sir", "museval_sar"}
SCORES = {"tps", "ips", "aps"}
DISTANCES = {"mrstft", "spectral_convergence", "log_spectral_distance", "log_mel"}
LEFT = torch.tensor([[1.0], [0.0]])


@pytest.fixture(scope="module")
def stereo(tmp_path_factory):
    """A stereo song on disk: the voice, its band, their mixture, and an estimate with some leak and hiss."""
    tmp_path = tmp_path_factory.mktemp("stereo")
    voice, band = music(1.2, channels=2), music(1.2, low=97, channels=2, seed=2)
    heard = voice + 0.1 * band + 0.002 * noise(*voice.shape, seed=4)
    files = {"both": voice, "band": band, "mix": voice + band, "estimate": heard}
    return {name: saved(tmp_path / f"{name}.wav", signal) for name, signal in files.items()} | {
        "left": saved(tmp_path / "left.wav", heard * LEFT),
        "left_voice": saved(tmp_path / "left_voice.wav", voice * LEFT),
        "left_band": saved(tmp_path / "left_band.wav", band * LEFT),
        "mute": saved(tmp_path / "mute.wav", 0 * voice),
        "poor": saved(tmp_path / "poor.wav", 0.3 * voice + band + 0.1 * noise(*voice.shape, seed=5)),
    }


@pytest.fixture(scope="module")
def whole(stereo):
    """The values of the good estimate."""
    return measured(stereo)


def measured(song, **changes):
    (row,) = measure.measure([pair(song, **changes)])
    return row


def test_a_silent_estimate_has_the_worst_value_of_every_metric_and_none_is_missing(stereo):
    row, poor = measured(stereo, estimate=stereo["mute"]), measured(stereo, estimate=stereo["poor"])
    assert row.remarks == (f"{stereo['mute']}: silent; measured anyway",)
    assert row.missing == {}
    assert {name: row.values[name] for name in RATIOS} == dict.fromkeys(RATIOS, -100)
    assert row.values["si_sdr"] == row.values["sd_sdr"] == -100
    assert {name: row.values[name] for name in SCORES} == dict.fromkeys(SCORES, 0)
    assert row.values["snr"] == 0  # by its definition; what is louder than the voice and wrong has less
    assert row.values["spectral_convergence"] == pytest.approx(1)
    for name in set(NAMES) & HIGHER_IS_BETTER - {"snr"}:
        assert row.values[name] <= poor.values[name], name


def test_an_estimate_at_the_level_of_rounding_is_as_good_as_silent(stereo, tmp_path):
    faint = saved(tmp_path / "faint.wav", 1e-20 * music(1.2, channels=2))
    row = measured(stereo, estimate=faint)
    for name in RATIOS | {"si_sdr", "sd_sdr"}:
        assert row.values[name] == -100, name


def test_an_estimate_that_is_silent_for_most_of_the_time_does_not_choose_its_best_second(tmp_path):
    voice, band = music(5.0), music(5.0, low=97, seed=2)
    heard = voice + 0.01 * band
    heard[:, 16_000:] = 0
    song = {"both": voice, "mix": voice + band, "estimate": heard}
    found = measured({name: saved(tmp_path / f"{name}.wav", each) for name, each in song.items()})
    assert found.values["museval_sdr"] == -100


def test_a_silent_reference_measures_nothing_and_says_so(stereo):
    row = measured(stereo, references=(stereo["mute"],))
    assert row.values == {}
    assert "mute.wav: silent" in row.error
    assert set(row.missing.values()) == {row.error}


@pytest.mark.parametrize("level", [0.0, 1e-6])
def test_where_nothing_can_interfere_what_measures_interference_has_no_value(stereo, tmp_path, level):
    silent = saved(tmp_path / "quiet.wav", level * noise(2, 19_200))
    row = measured(stereo, mixture=None, accompaniment=silent)
    assert set(row.missing) == {"sir", "museval_sir", "ips"}
    assert set(row.missing.values()) == {"the accompaniment is silent: nothing can interfere"}
    assert row.error == ""
    assert row.values["sar"] == pytest.approx(row.values["sdr"], abs=1e-6)


def test_a_mixture_that_is_the_reference_has_no_accompaniment(stereo):
    assert set(measured(stereo, mixture=stereo["both"]).missing) == {"sir", "museval_sir", "ips"}


def test_a_dead_channel_of_the_estimate_is_not_hidden_by_the_other(stereo, whole):
    half = measured(stereo, estimate=stereo["left"])
    assert half.missing == {}
    assert half.values["sdr"] == -100
    assert {name: half.values[name] for name in SCORES} == dict.fromkeys(SCORES, 0)
    for name in ("museval_sdr", "museval_isr", "si_sdr", "sd_sdr", "snr"):
        assert half.values[name] < 4 < whole.values[name], name
    for name in DISTANCES:
        assert half.values[name] > whole.values[name], name


def test_a_dead_channel_of_the_reference_is_bounded_and_worse_than_none(stereo, whole):
    half = measured(stereo, references=(stereo["left_voice"],))
    assert half.missing == {}
    assert all(math.isfinite(value) for value in half.values.values())
    for name in DISTANCES:
        assert whole.values[name] < half.values[name] < 100, name


def test_a_dead_channel_that_is_dead_in_the_reference_too_costs_nothing(stereo, whole):
    both = measured(stereo, references=(stereo["left_voice"],), estimate=stereo["left"])
    for name in ("sdr", "si_sdr", "snr", "museval_sdr"):
        assert both.values[name] == pytest.approx(whole.values[name], abs=1), name
    assert min(both.values[name] for name in SCORES) > 10


def test_a_dead_channel_of_the_accompaniment_is_as_ordinary_as_any(stereo):
    row = measured(stereo, mixture=None, accompaniment=stereo["left_band"])
    assert row.missing == {}
    assert all(math.isfinite(value) for value in row.values.values())


def test_an_estimate_that_is_its_reference_has_the_best_value_of_every_metric(stereo):
    row = measured(stereo, estimate=stereo["both"])
    for name in NAMES:
        best = 100 if name in RATIOS | {"si_sdr", "sd_sdr", "snr"} else 99.5 if name in SCORES else 0
        assert row.values[name] == pytest.approx(best, abs=0.5 if name in RATIOS | SCORES else 1e-6), name


def test_a_channel_that_peass_forgives_is_not_forgiven():
    voice, band = music(1.0, channels=2)[None], music(1.0, low=97, channels=2, seed=2)[None]
    sources = torch.stack([voice, band], dim=1)
    assert all(float(each) == 0 for each in vars(peass(0 * voice, sources, 16_000)).values())
    assert all(float(each) == 0 for each in vars(peass(voice * LEFT, sources, 16_000)).values())
    assert all(float(each) > 98 for each in vars(peass(voice, sources, 16_000)).values())


def test_a_batch_masks_each_row_by_its_own_accompaniment():
    voice, band = noise(2, 1, 8000), noise(2, 1, 8000, seed=1) * torch.tensor([1.0, 0.0])[:, None, None]
    found = families.family("sir").measure(voice + 0.1 * noise(2, 1, 8000, seed=2), torch.stack([voice, band], 1), 8000)
    assert found["sir"].isnan().tolist() == [False, True]
    assert found["sdr"].isfinite().all()
