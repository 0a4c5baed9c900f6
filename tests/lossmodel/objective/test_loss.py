"""Trained against, the objective pushes an estimate towards what sounds better, and nothing else."""

import pytest
import torch

from lossmodel.objective import store
from lossmodel.objective.ear import frontend
from lossmodel.objective.ear.spectra import resample
from lossmodel.objective.fitting.simulate import listener
from lossmodel.objective.loss import PerceptualLoss
from tests.lossmodel.objective.songs import degraded, song


def batch(seeds=(1, 2)):
    """Return (estimates, voices, mixtures), each (batch, 1, time), of one second."""
    songs = [song(seed, seconds=1.0) for seed in seeds]
    voices, mixtures = (torch.stack(each) for each in zip(*songs))
    estimates = torch.stack([degraded(*each, leak=0.4, holes=0.3, dull=0.2) for each in songs])
    return estimates, voices, mixtures


def test_better_estimates_lose_less():
    estimates, voices, mixtures = batch()
    loss = PerceptualLoss(listener())
    best, middle, worst = (float(loss(each, voices, mixtures)) for each in (voices, estimates, mixtures))
    assert 0 <= best < 0.1 < middle < worst <= 1.1


def test_gradients_go_to_the_estimate_alone():
    signals = [each.requires_grad_() for each in batch()]
    PerceptualLoss(listener())(*signals).backward()
    assert signals[0].grad.abs().max() > 0
    assert signals[1].grad is None
    assert signals[2].grad is None


def test_following_the_gradient_lowers_the_loss():
    estimates, voices, mixtures = batch()
    loss = PerceptualLoss(listener())
    heard = estimates.clone().requires_grad_()
    before = loss(heard, voices, mixtures)
    before.backward()
    step = 0.02 * estimates.std() * heard.grad / heard.grad.std()
    assert float(loss(estimates - step, voices, mixtures)) < float(before.detach())


def test_the_worse_attribute_counts_most():
    _, voices, mixtures = batch()
    silence = 0 * voices
    alone = PerceptualLoss(listener(), attributes=("interference",))(silence, voices, mixtures)
    together = PerceptualLoss(listener())(silence, voices, mixtures)
    assert float(alone) < 0.1
    assert float(together) > 0.5


def test_what_only_some_members_believe_does_not_pay():
    estimates, voices, mixtures = batch()
    split = listener()
    for head in split.heads.values():
        head.bias, head.weight = torch.cat([head.bias - 1, head.bias + 1]), head.weight.repeat(2, 1)
    trusting, wary = (PerceptualLoss(split, pessimism=k)(estimates, voices, mixtures) for k in (0.0, 2.0))
    assert float(wary) > float(trusting) + 0.05


def test_an_excerpt_without_a_voice_does_not_count():
    estimates, voices, mixtures = batch()
    loss = PerceptualLoss(listener())
    alone = loss(estimates[:1], voices[:1], mixtures[:1])
    silenced = torch.cat([voices[:1], 0 * voices[1:]])
    assert float(loss(estimates, silenced, mixtures)) == pytest.approx(float(alone), abs=1e-4)
    heard = estimates.clone().requires_grad_()
    loss(heard, 0 * voices, mixtures).backward()
    assert heard.grad.abs().max() == 0


def test_several_admissible_references_are_taken_as_such():
    _, voices, mixtures = batch()
    loss = PerceptualLoss(listener())
    other = voices.flip(0)
    assert float(loss(voices, torch.stack([other, voices], dim=1), mixtures)) < 0.1
    assert float(loss(voices, other, mixtures)) > 0.3


def test_other_rates_are_resampled_inside():
    estimates, voices, mixtures = (resample(each, 44_100, 22_050) for each in batch())
    heard = estimates.clone().requires_grad_()
    low = PerceptualLoss(listener(), rate=22_050)(heard, voices, mixtures)
    low.backward()
    low = low.detach()
    up = [resample(each, 22_050, 44_100) for each in (estimates, voices, mixtures)]
    assert float(low) == pytest.approx(float(PerceptualLoss(listener())(*up)), abs=1e-4)
    assert heard.grad.isfinite().all()


def test_resampling_keeps_a_tone():
    def tone(rate):
        return torch.sin(2 * torch.pi * 1000 * torch.arange(rate) / rate)

    assert torch.allclose(resample(tone(16_000), 16_000, 44_100), tone(44_100), atol=1e-3)


def test_an_unknown_attribute_is_named():
    with pytest.raises(ValueError, match="no attribute 'loudness'; the objective has quality"):
        PerceptualLoss(listener(), attributes=("loudness",))


def test_what_was_kept_while_inferring_lets_gradients_pass_later():
    estimates, voices, mixtures = batch()
    frontend._placed.cache_clear()
    with torch.inference_mode():
        listener()(estimates, voices[:, None], mixtures)
    PerceptualLoss(listener())(estimates.requires_grad_(), voices, mixtures).backward()
    assert estimates.grad.abs().max() > 0


def test_a_gain_is_what_the_attribute_gains_that_gains_least():
    estimates, voices, mixtures = batch()
    loss = PerceptualLoss(listener())
    assert float(loss(estimates, voices, mixtures, estimates)) == pytest.approx(0, abs=1e-6)
    assert float(loss(voices, voices, mixtures, estimates)) < -0.1
    assert float(loss(mixtures, voices, mixtures, estimates)) > 0.05  # quality is gained, but interference pays


def pull(*attributes, aggregate="even"):
    """Return (loss, gradient) of one excerpt's estimate."""
    estimates, voices, mixtures = (each[:1] for each in batch())
    heard = estimates.requires_grad_()
    loss = PerceptualLoss(listener(), attributes, aggregate)(heard, voices, mixtures)
    loss.backward()
    return float(loss.detach()), heard.grad.flatten()


def test_attributes_may_pull_equally_hard_however_steep_they_are():
    (one, quality), (other, interference) = pull("quality"), pull("interference")
    both, gradient = pull("quality", "interference")
    assert max(quality.norm(), interference.norm()) > 1.2 * min(quality.norm(), interference.norm())
    wanted = quality / quality.norm() + interference / interference.norm()
    assert float(torch.cosine_similarity(gradient, wanted, dim=0)) == pytest.approx(1, abs=1e-4)
    assert both == pytest.approx((one + other) / 2, abs=1e-6)


def test_what_is_flat_leaves_the_others_their_pull():
    _, voices, mixtures = (each[:1] for each in batch())
    heard = voices.clone().requires_grad_()
    flat = listener()
    flat.heads["interference"].weight.zero_()
    PerceptualLoss(flat, aggregate="even")(heard * 0.5 + 0.2 * mixtures, voices, mixtures).backward()
    assert heard.grad.isfinite().all()
    assert heard.grad.abs().max() > 0


def test_a_separator_can_be_trained_for_degradation_by_the_objective_of_the_package():
    estimates, voices, mixtures = batch()
    estimates = estimates.clone().requires_grad_()
    loss = PerceptualLoss(store.load(store.default()), attributes=("degradation",))
    worse = loss(estimates, voices, mixtures)
    worse.backward()
    assert float(loss(voices, voices, mixtures).detach()) < 0.1 < float(worse.detach())
    assert estimates.grad.isfinite().all()
    assert estimates.grad.abs().max() > 0
