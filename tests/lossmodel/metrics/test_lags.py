"""Correlations by windows: against sums over samples, and the parts of a signal against the whole."""

import pytest
import torch

from lossmodel.metrics import lags
from tests.lossmodel.metrics.builders import noise

TAPS = 64


def summed(first, second, delay):
    """Σ first[t] · second[t + delay] of signals that are zero beyond their ends."""
    length = len(first)
    return first[max(0, -delay) : length - max(delay, 0)] @ second[max(0, delay) : length + min(delay, 0)]


@pytest.mark.parametrize("length", [1000, 7000])
@pytest.mark.parametrize("share", [1, 2])
def test_each_pair_at_each_delay_is_the_sum_over_its_window(length, share):
    sources, others = noise(1, 2, 16_001), noise(1, 1, 16_001, seed=1)
    found = lags.windowed(sources, others, length=length, hop=length // share, taps=TAPS)
    signals = torch.cat([sources, others], dim=1)[0, :, length // share :][:, :length]
    for at, (one, other) in enumerate(lags.pairs(2, 1)):
        for delay in (1 - TAPS, -5, 0, 7, TAPS - 1):
            expected = float(summed(signals[one], signals[other], delay))
            assert float(found[0, at, 1, TAPS - 1 + delay]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("time", [800, 3000, 3010, 3900])
def test_windows_and_the_seams_between_them_make_the_whole(time):
    sources, others = noise(1, 2, time), noise(1, 2, time, seed=1)
    parts = lags.windowed(sources, others, length=1000, hop=1000, taps=TAPS).sum(2)
    seams = lags.seams(sources, others, length=1000, taps=TAPS)
    assert torch.allclose(parts + seams, lags.whole(sources, others, taps=TAPS), atol=1e-9)


def test_delays_from_zero_are_found_for_every_order_of_two_signals():
    sources, others = noise(1, 3, 5000), noise(1, 2, 5000, seed=1)
    found = lags.whole(sources, others, taps=TAPS)
    among, across = lags.between_sources(found, 3), lags.between_sources_and_others(found, 3)
    for delay in (0, 1, TAPS - 1):
        delayed = sources[..., : 5000 - delay]
        assert torch.allclose(among[..., delay], delayed @ sources[..., delay:].mT)
        assert torch.allclose(across[..., delay], delayed @ others[..., delay:].mT)


def test_gradients_pass_through_correlations_in_blocks():
    sources, others = noise(1, 1, 40).requires_grad_(), noise(1, 1, 40, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda *signals: lags.whole(*signals, taps=4), (sources, others))
