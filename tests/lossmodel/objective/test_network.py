"""The objective's answer: bounded, with its uncertainty, for the reference that was meant."""

import pytest
import torch

from lossmodel.objective.ear.frontend import RATE
from lossmodel.objective.fitting.simulate import listener
from lossmodel.objective.network import Head, Objective
from tests.lossmodel.objective.songs import degraded, song


def ask(estimate, references, mixture):
    found = listener()(estimate[None], torch.stack(references)[None], mixture[None])
    return {name: float(prediction.mean) for name, prediction in found.items()}


def uncertain(bias):
    """A head whose members disagree, and that was fitted to excerpts unlike anything."""
    head = Head({"one": ["flux"], "two": ["flux"], "three": ["flux"]})
    head.bias.copy_(torch.tensor([bias - 1, bias, bias + 1]))
    head.residual.fill_(0.5)
    head.precision.fill_(1)
    head.reach.fill_(1e-6)
    return head


def test_scores_and_intervals_are_ordered_and_bounded():
    voice, mixture = song(1)
    for bias in (-9.0, 0.0, 9.0):
        found = Objective({"quality": uncertain(bias)})(mixture[None], voice[None, None], mixture[None])["quality"]
        assert 0 <= float(found.low) < float(found.mean) < float(found.high) <= 100
        assert found.spread > 0


def test_what_is_unlike_all_that_was_rated_is_said_to_be():
    voice, mixture = song(1)
    known = listener()(mixture[None], voice[None, None], mixture[None])["quality"]
    strange = Objective({"quality": uncertain(0.0)})(mixture[None], voice[None, None], mixture[None])["quality"]
    assert bool(known.in_calibration)
    assert not bool(strange.in_calibration)


def test_the_reference_is_in_calibration_however_far_what_was_rated_is_from_it():
    head = uncertain(0.0)
    head.centre.fill_(4.0)
    head.reach.fill_(0.1)
    salience = torch.tensor([[0.0], [2.0], [4.0], [4.2], [5.0]])
    assert (head.distance(salience) <= head.reach).tolist() == [True, True, True, True, False]


def test_beyond_the_most_that_was_judged_a_distortion_grows_a_third_as_fast():
    head = Head({"one": ["flux"]})
    free = head.salience(torch.tensor([[1.0], [8.0], [80.0]]))[:, 0]
    head.most.fill_(free[1])
    held = head.salience(torch.tensor([[1.0], [8.0], [80.0]]))[:, 0]
    assert torch.equal(held[:2], free[:2])
    assert float(held[2] - held[1]) == pytest.approx(float(free[2] - free[1]) / 3)


def test_a_batch_gets_the_scores_of_its_excerpts():
    songs = [song(seed) for seed in (1, 2, 3)]
    voices, mixtures = (torch.stack(each) for each in zip(*songs))
    estimates = torch.stack([degraded(*each, leak=0.2, holes=0.2, dull=0.1) for each in songs])
    together = listener()(estimates, voices[:, None], mixtures)["quality"].mean
    alone = [
        listener()(estimates[i : i + 1], voices[i : i + 1, None], mixtures[i : i + 1])["quality"].mean for i in range(3)
    ]
    assert torch.allclose(together, torch.cat(alone), atol=1e-2)


def test_of_several_references_the_closest_counts_in_whatever_order():
    lead, mixture = song(1)
    backing, _ = song(2)
    both, mixture = lead + backing, mixture + backing
    estimate = degraded(both, mixture, leak=0.05, holes=0.05, dull=0.0)
    alone = ask(estimate, [both], mixture)
    assert ask(estimate, [lead, both], mixture) == pytest.approx(alone, abs=0.5)
    assert ask(estimate, [both, lead], mixture) == pytest.approx(alone, abs=0.5)
    assert alone["quality"] > ask(estimate, [lead], mixture)["quality"]


def test_half_of_two_references_is_not_rewarded():
    one, two = song(1)[0], song(2)[0]
    mixture = one + two + 0.3 * song(3)[1]
    half = ask(0.5 * (one + two), [one, two], mixture)
    for whole in (one, two):
        assert ask(whole, [one, two], mixture)["interference"] > half["interference"] + 20


def test_each_phrase_is_held_against_the_reference_it_comes_nearest_to():
    one, two = (song(seed, seconds=8.0)[0] for seed in (1, 2))
    mixture = one + two + 0.3 * song(3, seconds=8.0)[1]
    half = one.shape[-1] // 2
    first_one = torch.cat([one[:, :half], two[:, half:]], dim=-1)
    beats = torch.arange(one.shape[-1]) // (RATE // 8) % 2 == 0
    top = ask(one, [one, two], mixture)
    changed = ask(first_one, [one, two], mixture)
    alternating = ask(torch.where(beats, one, two), [one, two], mixture)
    assert changed["quality"] > top["quality"] - 8  # what a window hears of both where the voice changes
    assert ask(first_one, [one], mixture)["interference"] < changed["interference"] - 20
    assert alternating["interference"] < changed["interference"] - 20


def test_another_rate_or_too_short_an_excerpt_or_shapes_that_do_not_fit_are_refused():
    voice, mixture = song(1)
    objective = listener()
    with pytest.raises(ValueError, match="48000 Hz"):
        objective(voice[None], voice[None, None], mixture[None], rate=48_000)
    with pytest.raises(ValueError, match="at least 1 s"):
        objective(voice[None, :, :9000], voice[None, None, :, :9000], mixture[None, :, :9000])
    with pytest.raises(ValueError, match="incompatible shapes"):
        objective(voice[None], voice[None], mixture[None])
    with pytest.raises(ValueError, match="incompatible shapes"):
        objective(voice[None], voice[None, None], mixture[None, :, :-1])


def test_a_flaw_caps_a_good_score_and_moves_a_bad_one_little():
    head, flawless = (Head({"one": ["flux"]}, flaws) for flaws in ({"steady": 0.25}, {}))
    for each in (head, flawless):
        each.bias.fill_(4.0)
        each.weight.fill_(2.0)
    raw = torch.tensor([[0.0, 0.0], [0.0, 2.0], [30.0, 0.0], [30.0, 2.0]])
    good, capped, bad, worse = (float(each) for each in head(raw).mean)
    assert capped < 70 < 98 < good
    assert bad - 1 < worse < bad < 10
    assert head(raw).in_calibration.tolist() == [True, False, True, False]
    assert torch.allclose(head(raw).mean[::2], flawless(raw[::2, :1]).mean)
