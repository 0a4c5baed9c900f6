"""Anchors: within the mask, undelayed, reproducible, in the shape of their reference."""

import numpy as np
import pytest
from scipy import signal

from listening.anchors import RECIPES, recipe, render, without_bins, without_frames
from lossmodel.audio import Audio, loudness
from lossmodel.errors import BadInput

RATE = 44100


def noise(*, seconds: float = 1.0, channels: int = 1, rate: int = RATE, seed: int = 0) -> Audio:
    rng = np.random.default_rng(seed)
    return Audio((0.1 * rng.standard_normal((channels, round(seconds * rate)))).astype(np.float32), rate)


def impulse(rate: int = RATE) -> Audio:
    samples = np.zeros((1, rate), np.float32)
    samples[0, rate // 2] = 1.0
    return Audio(samples, rate)


def response(name: str, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (frequencies in Hz, gain in dB) of a low-pass anchor."""
    made = render(name, impulse(rate), None, 0)
    frequencies, gains = signal.freqz(made.samples[0].astype(float), worN=2**16, fs=rate)
    return frequencies, 20 * np.log10(np.abs(gains) + 1e-12)


@pytest.mark.parametrize("rate", [16000, 44100, 48000, 96000])
@pytest.mark.parametrize(("name", "edge"), [("lowpass-3500", 3500), ("lowpass-7000", 7000)])
def test_a_low_pass_anchor_keeps_to_the_mask_of_bs1534(name, edge, rate):
    frequencies, gains = response(name, rate)
    assert np.abs(gains[frequencies <= edge]).max() <= 0.1
    assert gains[frequencies >= edge + 500].max() <= -25
    assert gains[frequencies >= edge + 1000].max(initial=-np.inf) <= -50


@pytest.mark.parametrize("name", ["lowpass-3500", "lowpass-7000"])
def test_a_low_pass_anchor_is_symmetric_about_its_impulse_so_it_delays_nothing(name):
    samples = render(name, impulse(), None, 0).samples[0]
    centre = RATE // 2
    assert np.abs(samples).argmax() == centre
    np.testing.assert_allclose(samples[centre - 2000 : centre], samples[centre + 2000 : centre : -1], atol=1e-9)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_anchor_has_the_shape_of_its_reference_and_is_no_other_sound_each_time(name, channels):
    reference, mixture = noise(channels=channels), noise(channels=channels, seed=1)
    made = render(name, reference, mixture, 7)
    assert made.samples.shape == reference.samples.shape
    assert made.rate == RATE
    assert np.isfinite(made.samples).all()
    np.testing.assert_array_equal(made.samples, render(name, reference, mixture, 7).samples)


@pytest.mark.parametrize("name", ["quality-anchor", "distorted-target", "musical-noise"])
def test_a_drawn_anchor_is_as_loud_as_its_reference_and_differs_by_seed(name):
    reference = noise(seconds=2.0)
    made = render(name, reference, None, 1)
    assert loudness(made) == pytest.approx(loudness(reference), abs=0.05)
    assert np.abs(made.samples - render(name, reference, None, 2).samples).max() > 0.01


def test_the_quality_anchor_has_nothing_above_its_low_pass():
    frequencies, power = signal.welch(
        render("quality-anchor", noise(seconds=2.0), None, 1).samples[0], RATE, nperseg=4096
    )
    assert 10 * np.log10(power[frequencies > 4500].mean() / power[frequencies < 3000].mean()) < -40


def test_a_fifth_of_the_frames_is_removed_and_ninety_nine_bins_of_a_hundred():
    samples = noise(seconds=4.0).samples.astype(float)
    kept = (without_frames(samples, RATE, np.random.default_rng(0), lost=0.2) ** 2).sum() / (samples**2).sum()
    assert kept == pytest.approx(0.8 * 0.8 + 0.2 * 0.8 * 0.5, abs=0.08)
    assert (without_bins(samples, RATE, np.random.default_rng(0), lost=0.99) ** 2).sum() / (samples**2).sum() < 0.02
    np.testing.assert_allclose(without_bins(samples, RATE, np.random.default_rng(0), lost=0.0), samples, atol=1e-9)


def test_the_interference_anchor_is_the_mixture():
    reference, mixture = noise(), noise(seed=1)
    np.testing.assert_array_equal(render("interference-anchor", reference, mixture, 0).samples, mixture.samples)


def test_a_recipe_says_its_name_and_version():
    assert recipe("quality-anchor").description.startswith("quality-anchor v1: ")


@pytest.mark.parametrize(
    ("name", "reference", "mixture", "message"),
    [
        ("worst", noise(), None, "'worst'.*known are: lowpass-3500"),
        ("interference-anchor", noise(), None, "has none; add it"),
        ("interference-anchor", noise(), noise(seconds=0.5), "differs from the reference"),
        ("lowpass-7000", noise(rate=8000), None, "needs more than 15000 Hz, not 8000 Hz"),
        ("quality-anchor", noise(seconds=0.2), None, "at least 0.4 s"),
        ("musical-noise", noise(seconds=0.01), None, "too short"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_way_out(name, reference, mixture, message):
    with pytest.raises(BadInput, match=message):
        render(name, reference, mixture, 0)
