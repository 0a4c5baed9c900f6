"""Signal-to-distortion ratios: against torchmetrics, and what must hold of them physically."""

import auraloss
import pytest
import torch
from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio, signal_noise_ratio

from lossmodel.metrics import decibels
from lossmodel.metrics.ratios import sd_sdr, si_sdr, snr
from tests.lossmodel.metrics.builders import noise


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    reference = noise(3, 1, 4000)
    return 0.7 * reference + 0.2 * noise(3, 1, 4000, seed=1), reference


def test_mono_agrees_with_torchmetrics():
    estimate, reference = pair()
    expected = scale_invariant_signal_distortion_ratio(estimate, reference)[:, 0]
    assert torch.allclose(si_sdr(estimate, reference), expected, atol=1e-6)
    assert torch.allclose(snr(estimate, reference), signal_noise_ratio(estimate, reference)[:, 0], atol=1e-6)


def test_mono_agrees_with_auraloss():
    estimate, reference = pair()
    settings = {"zero_mean": False, "reduction": "none"}
    theirs = (
        auraloss.time.SDSDRLoss(**settings)(estimate, reference),
        auraloss.time.SISDRLoss(**settings)(estimate, reference),
    )
    assert torch.allclose(sd_sdr(estimate, reference), -theirs[0][:, 0], atol=1e-4)
    assert torch.allclose(si_sdr(estimate, reference), -theirs[1][:, 0], atol=1e-4)


def test_a_song_in_pieces_gives_what_it_gives_at_once(monkeypatch):
    estimate, reference = pair()
    at_once = [metric(estimate, reference) for metric in (snr, si_sdr, sd_sdr)]
    monkeypatch.setattr(decibels, "CHUNK_SAMPLES", 300)
    for before, metric in zip(at_once, (snr, si_sdr, sd_sdr), strict=True):
        assert torch.allclose(metric(estimate, reference), before, atol=1e-9)


def test_a_gain_changes_snr_and_sd_sdr_but_not_si_sdr():
    estimate, reference = pair()
    for metric, same in ((si_sdr, True), (snr, False), (sd_sdr, False)):
        assert torch.allclose(metric(0.5 * estimate, reference), metric(estimate, reference), atol=1e-9) == same


def test_sd_sdr_is_si_sdr_at_the_right_level_and_less_at_any_other():
    reference = noise(1, 2, 4000)
    added = 0.1 * noise(1, 2, 4000, seed=1)
    added -= (added * reference).sum() / reference.square().sum() * reference
    estimate = reference + added
    assert sd_sdr(estimate, reference) == pytest.approx(si_sdr(estimate, reference))
    assert sd_sdr(2 * estimate, reference) < si_sdr(2 * estimate, reference)


def test_half_as_much_noise_is_six_decibels():
    reference, added = noise(1, 1, 4000), noise(1, 1, 4000, seed=1)
    gain = snr(reference + 0.1 * added, reference) - snr(reference + 0.2 * added, reference)
    assert gain.item() == pytest.approx(6.0206, abs=1e-3)


@pytest.mark.parametrize("metric", [snr, si_sdr, sd_sdr])
def test_identity_silence_and_one_sample_have_the_documented_finite_values(metric):
    reference, silence = noise(1, 2, 100), torch.zeros(1, 2, 100, dtype=torch.float64)
    assert metric(reference, reference) == 100
    assert metric(silence, reference) == (0 if metric is snr else -100)
    assert metric(silence, silence) == (-100 if metric is si_sdr else 0)
    assert torch.isfinite(metric(reference, silence)).all()
    assert torch.isfinite(metric(noise(1, 1, 1), noise(1, 1, 1, seed=1))).all()


def test_a_batch_gives_what_its_rows_give():
    estimate, reference = pair()
    each = torch.cat([si_sdr(estimate[at : at + 1], reference[at : at + 1]) for at in range(3)])
    assert torch.allclose(si_sdr(estimate, reference), each)


@pytest.mark.parametrize("metric", [snr, si_sdr, sd_sdr])
def test_gradients_lead_towards_the_reference_and_are_finite_everywhere(metric):
    estimate, reference = pair()
    estimate.requires_grad_()
    metric(estimate, reference).sum().backward()
    assert metric(estimate + 0.01 * estimate.grad, reference).sum() > metric(estimate, reference).sum()
    for start in (torch.zeros_like(reference), reference.clone()):
        start.requires_grad_()
        metric(start, reference).sum().backward()
        assert torch.isfinite(start.grad).all()


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match=r"\(batch, channels, time\)"):
        si_sdr(noise(1, 2, 100), noise(1, 1, 100))
    with pytest.raises(ValueError, match=r"\(batch, channels, time\)"):
        snr(noise(100), noise(100))
