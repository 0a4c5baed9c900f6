"""Several admissible references: the best match, which one it was, and what must not win."""

from functools import partial

import pytest
import torch

from lossmodel.metrics import spectral
from lossmodel.metrics.bss_eval import bss_eval
from lossmodel.metrics.ratios import sd_sdr, si_sdr, snr
from lossmodel.metrics.references import best, match, soft_match
from tests.lossmodel.metrics.builders import music, noise

RATIOS = [snr, si_sdr, sd_sdr, lambda heard, true: bss_eval(heard, true[:, None]).sdr]
DISTANCES = [
    spectral.spectral_convergence,
    spectral.log_spectral_distance,
    spectral.multi_resolution_stft,
    partial(spectral.log_mel_distance, rate=16_000),
]
METRICS = [(each, True, 1.0) for each in RATIOS] + [(each, False, 0.05) for each in DISTANCES]
"""(metric, higher is better, a temperature in its units)."""


def solutions() -> tuple[torch.Tensor, torch.Tensor]:
    """Lead alone, and lead with backing: (1, 1, time) each."""
    lead = music(0.25)[None]
    return lead, lead + music(0.25, low=330, seed=1)[None]


@pytest.mark.parametrize(("metric", "higher", "temperature"), METRICS)
def test_an_output_half_way_between_two_solutions_wins_neither_hard_nor_softly(metric, higher, temperature):
    lead, both = solutions()
    hiss = 0.0003 * noise(1, 1, 4000, seed=7)
    references = torch.stack([lead, both], dim=1)
    hard = partial(match, metric, references=references, higher_is_better=higher)
    soft = partial(soft_match, metric, references=references, higher_is_better=higher, temperature=temperature)
    between = (lead + both) / 2 + hiss
    for whole in (lead + hiss, both + hiss):
        for judged in (lambda signal: hard(signal).value, soft):
            assert (judged(whole) > judged(between)) == higher


def test_the_reference_that_fits_best_is_named_whatever_their_order():
    lead, both = solutions()
    estimate = both + 0.01 * noise(1, 1, 4000)
    forwards = match(si_sdr, estimate, torch.stack([lead, both], dim=1), higher_is_better=True)
    backwards = match(si_sdr, estimate, torch.stack([both, lead], dim=1), higher_is_better=True)
    assert (forwards.reference.item(), backwards.reference.item()) == (1, 0)
    assert forwards.value == backwards.value == si_sdr(estimate, both)


def test_each_row_of_a_batch_has_its_own_match():
    lead, both = solutions()
    estimates, references = torch.cat([both, lead]), torch.stack([lead, both], dim=1).expand(2, -1, -1, -1)
    assert match(snr, estimates, references, higher_is_better=True).reference.tolist() == [1, 0]


def test_a_cold_soft_match_is_the_hard_one_and_is_never_worse():
    lead, both = solutions()
    references, estimate = torch.stack([lead, both], dim=1), both + 0.05 * noise(1, 1, 4000)
    for metric, higher in ((si_sdr, True), (spectral.multi_resolution_stft, False)):
        hard = match(metric, estimate, references, higher_is_better=higher).value
        cold, warm = (
            soft_match(metric, estimate, references, higher_is_better=higher, temperature=each) for each in (1e-3, 5.0)
        )
        assert torch.allclose(cold, hard)
        assert (warm >= hard) if higher else (warm <= hard)
        assert (warm - hard).abs() <= 5.0 * torch.log(torch.tensor(2.0)) + 1e-9


def test_every_reference_has_its_share_of_the_gradient_and_the_nearest_most():
    lead, both = solutions()
    estimate = (0.6 * lead + 0.4 * both).requires_grad_()

    def gradient(distance: torch.Tensor) -> torch.Tensor:
        return torch.autograd.grad(distance.sum(), estimate)[0]

    def square(heard: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
        return (heard - true).square().sum((-1, -2))

    each = torch.stack([square(estimate, lead), square(estimate, both)]).detach()
    for temperature in (0.01 * each.mean().item(), each.mean().item()):
        soft = soft_match(
            square, estimate, torch.stack([lead, both], dim=1), higher_is_better=False, temperature=temperature
        )
        share = torch.softmax(-each / temperature, dim=0)
        expected = share[0] * gradient(square(estimate, lead)) + share[1] * gradient(square(estimate, both))
        assert share[0] > 0.5
        assert torch.allclose(gradient(soft), expected)


def test_a_temperature_that_is_not_above_zero_is_refused():
    lead, both = solutions()
    with pytest.raises(ValueError, match="a temperature above 0 is needed, not 0"):
        soft_match(snr, lead, torch.stack([lead, both], dim=1), higher_is_better=True, temperature=0)


def test_the_first_of_equals_wins_and_nan_only_where_there_is_nothing_else():
    nan = float("nan")
    found = best(torch.tensor([[1.0, nan, nan], [1.0, 2.0, nan]]), higher_is_better=False)
    assert found.reference.tolist() == [0, 1, 0]
    assert found.value[:2].tolist() == [1.0, 2.0]
    assert found.value[2].isnan()
