"""Losses mean what they say: nothing for the truth, more for more error, finite on silence, fair shares."""

import numpy as np
import pytest
import soxr
import torch
from torch import nn

from lossmodel.metrics.ratios import si_sdr
from separation.config import load
from separation.losses import balance, reconstruction, references
from separation.losses.adversarial import Adversary
from separation.losses.metric_predictor import MetricPredictor
from separation.losses.perceptual import PerceptualTerm, perceptual_term
from separation.losses.resample import resample
from separation.losses.terms import Terms
from separation.networks.config import DiscriminatorConfig
from separation.recipe import Adversarial, PredictedMetric

DISTANCES = [reconstruction.l1, reconstruction.l2, reconstruction.mrstft]


def excerpts(seed=0, references=1):
    """Return random estimates and targets of one second at 4 kHz."""
    torch.manual_seed(seed)
    return torch.randn(2, 2, 1, 4000) * 0.1, torch.randn(2, references, 2, 1, 4000) * 0.1


@pytest.mark.parametrize("distance", DISTANCES)
def test_the_truth_costs_nothing_and_more_error_costs_more(distance):
    _, targets = excerpts()
    error = 0.1 * torch.randn_like(targets[:, 0])
    costs = [distance(targets[:, 0] + share * error, targets) for share in (0.0, 0.5, 1.0)]
    assert costs[0].max() < 1e-4
    assert (costs[0] < costs[1]).all()
    assert (costs[1] < costs[2]).all()


@pytest.mark.parametrize("distance", DISTANCES)
def test_silence_has_finite_losses_and_gradients(distance):
    silence = torch.zeros(1, 2, 1, 4000, requires_grad=True)
    distance(silence, torch.zeros(1, 1, 2, 1, 4000)).sum().backward()
    assert torch.isfinite(silence.grad).all()


def test_additivity_measures_what_is_missing_from_the_mixture():
    estimates, _ = excerpts()
    assert reconstruction.additivity(estimates, estimates.sum(1)) < 1e-8
    assert float(reconstruction.additivity(estimates, estimates.sum(1) + 0.25)) == pytest.approx(0.25, abs=1e-5)


def test_one_reference_costs_its_own_loss_and_several_about_the_smallest():
    assert float(references.softmin(torch.tensor([[0.3], [0.5]]), 0.1)) == pytest.approx(0.4)
    cost = float(references.softmin(torch.tensor([[0.3, 9.0, 5.0]]), 0.01))
    assert cost == pytest.approx(0.3, rel=0.05)


def test_half_of_one_reference_and_half_of_another_is_not_rewarded():
    _, targets = excerpts(references=2)
    one, half = targets[:, 0], targets.mean(1)
    cost = [float(references.softmin(reconstruction.l1(guess, targets), 0.1)) for guess in (one, half)]
    assert cost[0] < 0.2 * cost[1]


def test_the_nearest_reference_is_chosen_excerpt_by_excerpt():
    wanted = torch.randn(2, 3, 1, 50)
    guess = torch.stack([wanted[0, 2], wanted[1, 1]]) + 0.01
    torch.testing.assert_close(references.nearest(guess, wanted), torch.stack([wanted[0, 2], wanted[1, 1]]))


def test_without_balance_the_gradient_is_that_of_the_weighted_total():
    output = torch.randn(3, 4, requires_grad=True)
    terms = {"l1": output.abs().mean(), "l2": output.square().mean()}
    weights = {"l1": 2.0, "l2": 0.5}
    (expected,) = torch.autograd.grad(balance.total(terms, weights), output, retain_graph=True)
    torch.testing.assert_close(balance.gradient(terms, output, weights, balanced=False), expected)


def test_with_balance_each_term_has_its_share_whatever_its_unit():
    output = torch.randn(2, 100, requires_grad=True)
    a, b = output[0].abs().mean(), 1000 * output[1].square().mean()
    mixed = balance.gradient({"l1": a, "perceptual": b}, output, {"l1": 3.0, "perceptual": 1.0}, balanced=True)
    alone = torch.autograd.grad(a, output, retain_graph=True)[0].norm()
    assert float(mixed[0].norm() / mixed[1].norm()) == pytest.approx(3.0, rel=1e-4)
    assert float(mixed[0].norm()) == pytest.approx(0.75 * float(alone), rel=1e-4)


@pytest.mark.parametrize("source", [8000, 11025, 16000, 22050, 48000])
def test_resampling_in_the_graph_agrees_with_soxr(source):
    time = np.arange(source) / source
    wave = np.sin(2 * np.pi * 440 * time) + 0.5 * np.sin(2 * np.pi * 0.3 * source * time + 1)
    expected = soxr.resample(wave, source, 44100, quality="VHQ")
    found = resample(torch.from_numpy(wave).float().reshape(1, 1, -1), source, 44100).flatten().numpy()
    assert found.shape == expected.shape
    assert np.abs(found - expected)[2000:-2000].max() < 5e-3


class Distance(nn.Module):
    """A judge that is a plain distance."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, estimate, references, mixture):
        return self.gain * (estimate.unsqueeze(1) - references).square().mean() + 0 * mixture.sum()


def test_the_listener_teaches_the_estimate_and_stays_as_it_is():
    judge = Distance()
    hears = PerceptualTerm(judge, rate=22050, needs=44100)
    vocals, reference, mixture = (
        torch.randn(*shape, 4000, requires_grad=True) for shape in ((1, 1), (1, 1, 1), (1, 1))
    )
    hears(vocals, reference, mixture).backward()
    assert vocals.grad.abs().max() > 0
    assert reference.grad is None
    assert mixture.grad is None
    assert judge.gain.grad is None


def test_a_perceptual_recipe_without_an_objective_says_what_to_give():
    with pytest.raises(ValueError, match="give an objective"):
        perceptual_term(None, load("perceptual").perceptual, 22050)


def adversary(**changes):
    """Return a small adversary."""
    network = DiscriminatorConfig(periods=(2, 3), windows=(128,), width=4)
    torch.manual_seed(0)
    return Adversary(Adversarial(network=network, learning_rate=5e-3, **changes), channels=1)


def dice():
    """Return a seeded generator."""
    return torch.Generator().manual_seed(0)


def heard(seed=0):
    """Return real vocals, fakes that lack their treble, and the mixture."""
    torch.manual_seed(seed)
    real = torch.randn(4, 1, 2000) * 0.3
    fake = torch.nn.functional.avg_pool1d(real, 9, 1, padding=4)
    return real, fake, real + 0.1 * torch.randn(4, 1, 2000)


@pytest.mark.parametrize("game", ["lsgan", "hinge"])
def test_the_adversary_learns_to_tell_dull_voices_from_real_ones(game):
    judge = adversary(game=game, ahead=0.0)
    losses = [judge.learn(*heard(step), dice()) for step in range(30)]
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:3])
    real, fake, mixture = heard(99)
    assert judge.judge(real, fake, mixture)["adversarial"] > judge.judge(real, real, mixture)["adversarial"]


def test_an_adversary_that_is_far_ahead_waits():
    judge = adversary(ahead=0.9)
    before = [weight.clone() for weight in judge.parameters()]
    while judge.learn(*heard(), dice()) > 0.9 * 0.5:
        assert any(not torch.equal(a, b) for a, b in zip(before, judge.parameters()))
    paused = [weight.clone() for weight in judge.parameters()]
    judge.learn(*heard(), dice())
    assert all(torch.equal(a, b) for a, b in zip(paused, judge.parameters()))


def test_the_separators_terms_reach_the_fake_and_not_the_discriminator():
    judge = adversary()
    real, fake, mixture = heard()
    fake.requires_grad_()
    terms = judge.judge(real, fake, mixture)
    (terms["adversarial"] + terms["matching"]).backward()
    assert fake.grad.abs().max() > 0
    assert all(weight.grad is None for weight in judge.parameters())
    assert float(judge.judge(real, real, mixture)["matching"]) == 0.0


def test_perceptual_and_adversarial_terms_come_in_when_the_recipe_says():
    recipe = load(
        "perceptual-gan", {"steps": 100, "perceptual.start": 0.1, "perceptual.ramp": 0.2, "adversarial.start": 0.5}
    )
    terms = Terms(recipe)
    assert "perceptual" not in terms.weights(10)
    assert terms.weights(20)["perceptual"] == pytest.approx(0.5)
    assert terms.weights(30)["perceptual"] == pytest.approx(1.0)
    assert "adversarial" not in terms.weights(49)
    assert terms.weights(50)["adversarial"] == recipe.losses.adversarial


def test_r1_makes_the_discriminator_flatter_at_real_sounds():
    def slope(weight):
        judge = adversary(penalty="r1", penalty_weight=weight, ahead=0.0, game="wgan")
        for step in range(15):
            judge.learn(*heard(step), dice())
        real, _, mixture = heard(99)
        real.requires_grad_()
        score = torch.stack([score.mean() for score, _ in judge.discriminator(real, mixture)]).sum()
        return float(torch.autograd.grad(score, real)[0].norm())

    assert slope(100.0) < 0.7 * slope(0.0)


def test_a_penalty_that_is_asked_for_now_and_then_is_as_many_times_as_strong():
    often, seldom = adversary(penalty="r1", penalty_weight=1.0), adversary(penalty="r1", penalty_weight=1.0)
    seldom.config = seldom.config.model_copy(update={"penalty_every": 3})
    seldom.load_state_dict(often.state_dict())
    torch.testing.assert_close(seldom._penalty(*heard(), dice()), 3 * often._penalty(*heard(), dice()))
    asked = []
    seldom._penalty = lambda *_: asked.append(len(asked)) or torch.zeros(())
    real, fake, mixture = heard()
    for step in range(7):
        seldom.learn(real, fake, mixture, dice(), step=step)
    assert len(asked) == 3


def test_a_one_sided_penalty_costs_slopes_above_one_and_no_others():
    judge = adversary(penalty="one-sided", penalty_weight=1.0)
    assert judge._penalty(*heard(), dice()).item() == 0.0
    with torch.no_grad():
        for each in judge.discriminator.judges:
            each.score.parametrizations.weight.original0.mul_(1e5)
    cost = judge._penalty(*heard(), dice())
    assert cost > 1
    cost.backward()
    assert all(each.score.parametrizations.weight.original0.grad.sum() > 0 for each in judge.discriminator.judges)


def test_a_critic_hears_recordings_that_do_not_belong_together():
    network = DiscriminatorConfig(periods=(2,), windows=(128,), width=4)
    torch.manual_seed(0)
    critic = Adversary(Adversarial(network=network, game="wgan", steps=3, learning_rate=5e-3), channels=1, alone=True)
    losses = [critic.learn(heard(step)[0], heard(step + 50)[1], None, dice()) for step in range(10)]
    assert losses[-1] < losses[0] - 0.01


def metric_predictor(**changes):
    network = DiscriminatorConfig(periods=(2, 3), windows=(128,), width=8)
    torch.manual_seed(0)
    return MetricPredictor(
        PredictedMetric(network=network, learning_rate=5e-3, replay=8, again=4, **changes), 1, 2000, 8000
    )


def test_a_predicted_metric_is_learned_and_put_into_nought_to_one():
    net = metric_predictor()
    real, fake, mixture = heard()
    share = net.measure(fake, real, mixture)
    expected = (si_sdr(fake.double(), real.double()) + 10) / 30
    torch.testing.assert_close(share.double(), expected.clamp(0, 1), atol=1e-5, rtol=1e-5)
    errors = [net.learn(*heard(step % 3), dice()) for step in range(60)]
    assert np.mean(errors[-5:]) < 0.3 * np.mean(errors[:3])
    assert net.judge(real, real) < net.judge(real, fake)


def test_a_metric_predictor_remembers_the_newest_estimates_in_its_state():
    net, other = metric_predictor(), metric_predictor()
    for step in range(3):
        net.learn(*heard(step), dice())
    assert int(net.seen) == 12
    torch.testing.assert_close(net.estimates[:4], heard(2)[1])
    torch.testing.assert_close(net.estimates[4:], heard(1)[1])
    other.load_state_dict(net.state_dict())
    torch.testing.assert_close(other.values, net.values)


def test_a_metric_predictor_forgets_excerpts_of_another_length_and_nothing_else():
    net = metric_predictor()
    net.learn(*heard(), dice())
    shorter = MetricPredictor(net.config, 1, 1000, 8000)
    shorter.load_state_dict(net.state_dict())
    assert int(shorter.seen) == 0
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), shorter.parameters()))


def test_an_unknown_metric_is_named_with_those_there_are():
    with pytest.raises(ValueError, match=r"metric\.measure = loudness: unknown metric; known are sdr"):
        metric_predictor(measure="loudness")
