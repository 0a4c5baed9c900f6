"""BSS Eval v4: agreement with museval and mir_eval, window by window, and its rules for silence."""

import warnings

import mir_eval
import numpy as np
import pytest
import torch
from torch import Tensor

from lossmodel import audio
from lossmodel.metrics.bss_eval import bss_eval
from lossmodel.metrics.bss_eval_images import bss_eval_images
from tests.lossmodel.metrics.builders import museval, music, noise, separated

RATE = 4000


def ours(estimates: Tensor, sources: Tensor, **settings) -> np.ndarray:
    """(4, estimates, windows)."""
    found = bss_eval_images(estimates[None], sources[None], **settings)
    return torch.stack([found.sdr, found.isr, found.sir, found.sar])[:, 0].numpy()


def theirs(estimates: Tensor, sources: Tensor, *, window: int, hop: int) -> np.ndarray:
    true, heard = (each.transpose(1, 2).numpy() for each in (sources, estimates))
    with np.errstate(divide="ignore"):
        return np.stack(museval().bss_eval(true, heard, window=window, hop=hop)[:4])


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("hop", [RATE, RATE // 2])
def test_noise_agrees_with_museval_in_every_window(channels, hop):
    sources = noise(2, channels, 4 * RATE + 700)
    estimates = separated(sources)
    found = ours(estimates, sources, window=RATE, hop=hop)
    assert found == pytest.approx(theirs(estimates, sources, window=RATE, hop=hop), abs=1e-8)


def test_tonal_stereo_with_nearly_singular_correlations_agrees_with_museval():
    sources = torch.stack([music(channels=2), music(low=330, channels=2, seed=1)])
    estimates = separated(sources)
    found = ours(estimates, sources, window=RATE, hop=RATE)
    assert found == pytest.approx(theirs(estimates, sources, window=RATE, hop=RATE), abs=0.01)


@pytest.mark.parametrize("channels", [1, 2])
def test_one_window_over_all_is_what_mir_eval_calls_images(channels):
    sources = noise(2, channels, 6000)
    estimates = separated(sources)
    true, heard = (each.transpose(1, 2).numpy() for each in (sources, estimates))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        expected = mir_eval.separation.bss_eval_images(true, heard, compute_permutation=False)[:4]
    assert ours(estimates, sources, window=None)[..., 0] == pytest.approx(np.stack(expected), abs=1e-6)


def test_an_estimate_alone_gives_what_it_gives_beside_the_others():
    sources = noise(3, 1, 3 * RATE)
    estimates = separated(sources)
    everything = ours(estimates, sources, window=RATE)
    assert ours(estimates[:1], sources, window=RATE)[:, 0] == pytest.approx(everything[:, 0], abs=1e-9)


def test_a_window_with_a_silent_source_or_estimate_is_nan_for_all_as_in_museval():
    sources = noise(2, 2, 5 * RATE)
    estimates = separated(sources)
    sources[1, :, RATE : 2 * RATE] = 0
    estimates[0, :, 3 * RATE : 4 * RATE] = 0
    found = ours(estimates, sources, window=RATE)
    assert np.isnan(found).all(axis=(0, 1)).tolist() == [False, True, False, True, False]
    assert found == pytest.approx(theirs(estimates, sources, window=RATE, hop=RATE), abs=1e-6, nan_ok=True)


def test_an_identical_estimate_has_a_hundred_decibels_and_a_source_alone_no_interference():
    sources = noise(2, 1, 2 * RATE)
    sdr, isr, sir, sar = ours(sources, sources, window=RATE)
    assert (sdr == 100).all()
    assert min(isr.min(), sir.min(), sar.min()) > 99
    assert (ours(separated(sources)[:1], sources[:1], window=RATE)[2] == 100).all()


def test_a_filter_is_distortion_here_and_none_in_version_three():
    sources = noise(2, 1, 2 * RATE)
    filtered = sources[:1] + 0.5 * sources[:1].roll(3, -1)
    sdr, isr, sir, _ = ours(filtered, sources, window=None)[:, 0, 0]
    assert bss_eval(filtered, sources[None]).sdr.item() > 20 > 7 > sdr == pytest.approx(isr, abs=0.5)
    assert sir > 30


def test_sources_that_are_one_and_the_same_or_silent_throughout_stay_finite_or_nan_but_never_fail():
    source = noise(1, 1, 2 * RATE)
    assert np.isfinite(ours(source, torch.cat([source, source]), window=RATE)).all()
    assert np.isnan(ours(source, torch.cat([source, 0 * source]), window=RATE)).all()


def test_audio_of_less_than_a_window_is_one_window_and_float32_does_as_well():
    sources = noise(2, 1, 3000)
    estimates = separated(sources)
    short = ours(estimates, sources, window=RATE)
    assert short.shape == (4, 2, 1)
    assert ours(estimates.float(), sources.float(), window=RATE) == pytest.approx(short, abs=1e-4)


def test_a_batch_gives_what_its_rows_give():
    sources = noise(2, 2, 1, 2 * RATE)
    estimates = torch.stack([separated(each) for each in sources])
    together = bss_eval_images(estimates, sources, window=RATE)
    for at in range(2):
        assert together.sar[at].numpy() == pytest.approx(ours(estimates[at], sources[at], window=RATE)[3])


def test_more_estimates_than_sources_are_refused():
    with pytest.raises(ValueError, match="no more estimates than sources"):
        bss_eval_images(noise(1, 2, 1, 100), noise(1, 1, 1, 100))


@pytest.mark.data
def test_real_separated_vocals_in_stereo_agree_with_museval(data):
    folder = min((data / "sisec2018" / "sounds").iterdir())
    names = ("ref_vocals", "ref_accompaniment", "UHL3_vocals")
    vocals, others, heard = (torch.from_numpy(audio.read(folder / f"{name}.flac").samples).double() for name in names)
    sources, estimates = torch.stack([vocals, others]), torch.stack([heard, vocals + others - heard])
    part = slice(0, 3 * 44_100)
    found = ours(estimates[..., part], sources[..., part])
    expected = theirs(estimates[..., part], sources[..., part], window=44_100, hop=44_100)
    assert np.isfinite(expected).any()
    assert found == pytest.approx(expected, abs=0.01, nan_ok=True)
