"""Damage and leak are told apart: each is found where it was put, at the level at which it was put."""

import numpy as np
import pytest
from scipy import signal

from lossmodel.audio import Audio
from separation.apart import apart
from tests.separation.builders import RATE, noise, tone


def mixed(*parts):
    return Audio(np.sum([gain * part.samples for gain, part in parts], axis=0, dtype=np.float32), parts[0][1].rate)


def level(part, beside):
    return 10 * np.log10(np.square(part.samples).mean() / np.square(beside.samples).mean())


@pytest.fixture(scope="module")
def voice():
    return noise(0, 3.0, channels=2)


@pytest.fixture(scope="module")
def band():
    return noise(1, 3.0, channels=2)


def test_a_leak_has_the_level_of_the_leak_and_is_no_damage(voice, band):
    found = apart(mixed((1, voice), (0.1, band)), voice, band)
    assert found.leak.shape == found.damage.shape == (3,)
    np.testing.assert_allclose(found.leak, -20 + level(band, voice), atol=0.5)
    assert found.total_damage < -35


def test_a_voice_without_its_high_band_is_damaged_and_leaks_nothing(voice, band):
    sections = signal.butter(8, 2000, fs=RATE, output="sos")
    dull = Audio(signal.sosfiltfilt(sections, voice.samples).astype(np.float32), RATE)
    found = apart(dull, voice, band)
    assert -4 < found.total_damage < -2
    assert found.total_leak < -20


def test_the_voice_itself_silence_and_a_pause_are_as_one_would_say(voice, band):
    same = apart(voice, voice, band)
    assert max(same.total_damage, same.total_leak) < -100
    upside_down = apart(mixed((-1, voice)), voice, band)
    assert upside_down.total_damage < -100
    mute = apart(mixed((0, voice)), voice, band)
    assert mute.total_damage == pytest.approx(0, abs=0.2)
    assert mute.total_leak < -100
    sung = Audio(voice.samples.copy(), RATE)
    sung.samples[:, 2 * RATE :] = 0
    bled = apart(mixed((1, sung), (0.5, band)), sung, band)
    assert bled.leak[2] == pytest.approx(-6, abs=0.5)
    assert bled.damage[2] < -25


def test_sources_that_are_the_same_and_sounds_of_less_than_a_second_have_values(voice):
    short = tone(300, 0.3)
    found = apart(short, short, short)
    assert found.leak.shape == (1,)
    assert np.isfinite([found.total_damage, found.total_leak]).all()
    nothing = mixed((0, voice))
    assert np.isfinite(apart(voice, nothing, nothing).damage).all()
