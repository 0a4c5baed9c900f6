"""The maps say what was played, whatever its level."""

import pyloudnorm
import pytest
import torch

from lossmodel.objective.ear import frontend
from lossmodel.objective.ear.frontend import RATE, maps, remix, smooth
from tests.lossmodel.objective.songs import degraded, song


def close(one, other, tolerance=1e-3):
    return all(
        torch.allclose(a, b, rtol=tolerance, atol=1e-5) for a, b in zip(vars(one).values(), vars(other).values())
    )


def test_a_tone_is_loudest_in_its_band():
    t = torch.arange(RATE) / RATE
    centres = frontend._centres()
    for band in (5, 20, 35):
        tone = torch.sin(2 * torch.pi * float(centres[band]) * t)[None, None]
        power = maps(tone, tone[:, None], tone).ee.mean(-1)[0]
        assert power.argmax() == band


def test_the_level_of_estimate_and_mixture_is_of_no_importance():
    voice, mixture = song(1)
    estimate = degraded(voice, mixture, leak=0.3, holes=0.1, dull=0.0)
    one = maps(estimate[None], voice[None, None], mixture[None])
    assert close(one, maps(0.3 * estimate[None], voice[None, None], 2 * mixture[None]))
    assert close(one, maps(3 * estimate[None], 3 * voice[None, None], mixture[None]))


def test_loudness_agrees_with_pyloudnorm():
    voice, mixture = song(2, seconds=4.0)
    meter = pyloudnorm.Meter(RATE)
    ours = []
    for signal in (voice, mixture):
        spectrum = frontend._stft(signal[None])
        ours.append(10 * torch.log10(frontend._loudness(frontend._banded(frontend._power(spectrum)))))
    theirs = [meter.integrated_loudness(signal.T.double().numpy()) for signal in (voice, mixture)]
    assert float(ours[1] - ours[0]) == pytest.approx(theirs[1] - theirs[0], abs=0.5)


def test_a_remix_of_the_maps_is_the_maps_of_the_remix():
    voice, mixture = song(3)
    found = maps(voice[None], voice[None, None], mixture[None])
    assert close(remix(found, 1, 1), maps(mixture[None], voice[None, None], mixture[None]), 1e-2)
    assert close(remix(found, 1, 0), found, 1e-2)
    assert remix(found, 0, 0).ee.max() == 0


def test_stereo_with_two_equal_channels_is_mono():
    voice, mixture = song(4)
    mono = maps(mixture[None], voice[None, None], mixture[None])
    assert close(
        mono, maps(*(torch.cat([each, each], dim=-2) for each in (mixture[None], voice[None, None], mixture[None])))
    )


def test_smoothing_keeps_constants_and_means():
    assert torch.allclose(smooth(torch.ones(3, 50), 17), torch.ones(3, 50), atol=1e-5)
    impulse = torch.zeros(101)
    impulse[50] = 1
    spread = smooth(impulse, 17)
    assert float(spread.sum()) == pytest.approx(1, abs=1e-4)
    assert spread[:41].abs().max() < 1e-5
    assert spread.argmax() == 50
