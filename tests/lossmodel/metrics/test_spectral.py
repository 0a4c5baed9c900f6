"""Spectral distances: known values, invariances, and an independent computation."""

from functools import partial

import auraloss
import numpy as np
import pytest
import scipy.signal
import torch

from lossmodel.metrics import spectral
from tests.lossmodel.metrics.builders import music, noise

DISTANCES = [
    spectral.spectral_convergence,
    spectral.log_spectral_distance,
    spectral.multi_resolution_stft,
    partial(spectral.log_mel_distance, rate=16_000),
]


@pytest.mark.parametrize("distance", DISTANCES)
def test_an_identical_or_inverted_estimate_has_distance_zero_and_a_worse_one_more(distance):
    reference, added = music()[None], noise(1, 1, 16_000, seed=3)
    assert distance(reference, reference).item() == pytest.approx(0, abs=1e-6)
    assert distance(-reference, reference).item() == pytest.approx(0, abs=1e-6)
    little, much = (distance(reference + gain * added, reference).item() for gain in (0.003, 0.03))
    assert 0 < little < much


def test_half_the_level_is_six_decibels_everywhere():
    reference = noise(2, 2, 16_000)
    for distance in (spectral.log_spectral_distance, partial(spectral.log_mel_distance, rate=16_000)):
        assert distance(0.5 * reference, reference).tolist() == pytest.approx([6.0206, 6.0206], abs=1e-3)
    assert spectral.spectral_convergence(0.5 * reference, reference).tolist() == pytest.approx([0.5, 0.5])
    expected = 0.5 + np.log(2)
    assert spectral.multi_resolution_stft(0.5 * reference, reference).tolist() == pytest.approx([expected] * 2)


def test_magnitudes_are_those_of_scipy():
    signal = music()
    _, _, expected = scipy.signal.stft(
        signal[0].numpy(), window=scipy.signal.get_window("hann", 2048), nperseg=2048, noverlap=2048 - 512
    )
    found = spectral.magnitudes(signal[None], fft=2048, hop=512)[0, 0].numpy()
    assert np.allclose(found, np.abs(expected)[:, : found.shape[1]], atol=1e-9)


def test_spectral_convergence_and_log_spectral_distance_follow_their_formulas():
    estimate, reference = (music() + 0.01 * noise(1, 16_000, seed=4))[None], music()[None]
    heard, true = (spectral.magnitudes(each, fft=2048, hop=512)[0, 0].numpy() for each in (estimate, reference))
    convergence = np.linalg.norm(true - heard) / np.linalg.norm(true)
    assert spectral.spectral_convergence(estimate, reference).item() == pytest.approx(convergence)
    levels = 20 * np.log10(np.maximum(heard, 1e-5)) - 20 * np.log10(np.maximum(true, 1e-5))
    distance = np.sqrt((levels**2).mean(axis=0)).mean()
    assert spectral.log_spectral_distance(estimate, reference).item() == pytest.approx(distance)


def test_multi_resolution_stft_and_convergence_agree_with_auraloss():
    silence = (4096, 4096)  # what lies beyond the ends is zero here and a mirror image there
    estimate, reference = (torch.nn.functional.pad(10 * noise(1, 1, 40_000, seed=seed), silence) for seed in (1, 2))
    sizes, hops, windows = zip(*spectral.RESOLUTIONS, strict=True)
    theirs = auraloss.freq.MultiResolutionSTFTLoss(list(sizes), list(hops), list(windows))
    found = spectral.multi_resolution_stft(estimate, reference).item()
    assert found == pytest.approx(theirs(estimate, reference).item(), rel=1e-3)
    alone = auraloss.freq.STFTLoss(2048, 512, 2048, w_log_mag=0.0)
    found = spectral.spectral_convergence(estimate, reference).item()
    assert found == pytest.approx(alone(estimate, reference).item(), rel=1e-3)


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_song_in_pieces_gives_what_it_gives_at_once(distance, monkeypatch):
    estimate, reference = noise(2, 2, 9000), noise(2, 2, 9000, seed=1)
    at_once = distance(estimate, reference)
    monkeypatch.setattr(spectral, "CHUNK_SAMPLES", 6000)
    assert torch.allclose(distance(estimate, reference), at_once)


def test_mel_bands_cover_the_spectrum_with_rising_centres_and_equal_sums():
    for rate, fft in ((44_100, 2048), (16_000, 744), (8_000, 372)):
        weights = spectral.mel_bands(rate, fft, 80)
        assert weights.sum(-1).tolist() == pytest.approx([1.0] * 80)
        centres = (weights * torch.arange(weights.shape[1])).sum(-1)
        assert (centres.diff() >= 0).all()
        assert centres[-1] > 0.9 * fft / 2


@pytest.mark.parametrize("distance", DISTANCES)
def test_silence_is_finite_on_either_side_and_has_finite_gradients(distance):
    silence, sound = torch.zeros(1, 1, 4096, dtype=torch.float64), noise(1, 1, 4096)
    for estimate, reference in ((silence, sound), (sound, silence), (silence, silence), (sound, sound)):
        moved = estimate.clone().requires_grad_()
        found = distance(moved, reference)
        found.sum().backward()
        assert torch.isfinite(found).all()
        assert torch.isfinite(moved.grad).all()


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_batch_gives_what_its_rows_give_and_one_sample_is_possible(distance):
    estimate, reference = noise(3, 2, 4096), noise(3, 2, 4096, seed=1)
    each = torch.cat([distance(estimate[at : at + 1], reference[at : at + 1]) for at in range(3)])
    assert torch.allclose(distance(estimate, reference), each)
    assert torch.isfinite(distance(estimate[..., :1], reference[..., :1])).all()
