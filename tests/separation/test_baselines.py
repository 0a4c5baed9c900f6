"""Oracles know the answer; centre extraction finds what stands in the middle."""

import numpy as np
import pytest

from lossmodel.audio import Audio
from separation.data.synthetic import song
from separation.inference.baselines import centre, ideal_binary_mask, ideal_ratio_mask
from tests.separation.builders import noise, tone


def fidelity(estimate, truth):
    """Return the plain SDR in dB."""
    error = np.square(truth.samples - estimate.samples).sum()
    return 10 * np.log10(np.square(truth.samples).sum() / error)


@pytest.mark.parametrize("mask", [ideal_ratio_mask, ideal_binary_mask])
def test_an_oracle_mask_is_far_better_than_the_mixture(mask):
    stems = song(5, 3, 16000)
    estimate = mask(stems["mixture"], stems["vocals"], stems["accompaniment"])
    assert estimate.samples.shape == stems["mixture"].samples.shape
    assert fidelity(estimate, stems["vocals"]) > fidelity(stems["mixture"], stems["vocals"]) + 7


def test_the_ratio_masks_of_both_sources_share_the_mixture():
    stems = song(5, 3, 16000)
    parts = stems["mixture"], stems["vocals"], stems["accompaniment"]
    both = ideal_ratio_mask(*parts).samples + ideal_ratio_mask(parts[0], parts[2], parts[1]).samples
    np.testing.assert_allclose(both, stems["mixture"].samples, atol=1e-4)


def test_centre_extraction_keeps_the_middle_and_drops_the_sides():
    middle, side = tone(500, channels=2, rate=16000), noise(1, channels=2, rate=16000, level=0.3)
    side.samples[1] = -side.samples[0]
    found = centre(Audio(middle.samples + side.samples, 16000))
    assert fidelity(found, middle) > 12
    assert np.square(centre(side).samples).sum() < 1e-6 * np.square(side.samples).sum()


def test_centre_extraction_leaves_bass_to_the_accompaniment_and_mono_as_it_is():
    bass = tone(60, channels=2, rate=16000)
    assert np.square(centre(bass).samples).sum() < 0.01 * np.square(bass.samples).sum()
    mono = tone(500, rate=16000)
    assert fidelity(centre(mono), mono) > 20
