"""A dead band, bleed in pauses and a bad second are found where they are."""

import numpy as np
import pytest
from scipy import signal

from lossmodel.audio import Audio
from separation.defects import bandwidth, pause_level, worst_second
from tests.separation.builders import noise, tone


def low_passed(sound, hertz):
    sections = signal.butter(10, hertz, fs=sound.rate, output="sos")
    return Audio(signal.sosfiltfilt(sections, sound.samples).astype(np.float32), sound.rate)


@pytest.mark.parametrize("hertz", [1000, 4000, 11025])
def test_vocals_without_a_high_band_have_the_bandwidth_that_is_left(hertz):
    reference = noise(0, 2.0, rate=44100)
    kept, there = bandwidth(low_passed(reference, hertz), reference)
    assert there == 22050
    assert hertz * 2 ** (-1 / 3) < kept < hertz * 2 ** (2 / 3)


def test_a_reference_without_a_high_band_asks_for_none():
    reference = low_passed(noise(0, 2.0, rate=44100), 3000)
    kept, there = bandwidth(noise(1, 2.0, rate=44100), reference)
    assert kept == there < 6000
    assert bandwidth(tone(level=0.0), tone(300))[0] == 0.0


def test_the_level_in_pauses_is_that_of_the_bleed():
    reference, bleed = tone(300, 2.0), noise(0, 2.0, level=0.01)
    reference.samples[:, 8000:] = 0
    wanted = 10 * np.log10(np.square(bleed.samples[:, 8000:]).mean() / np.square(reference.samples[:, :8000]).mean())
    assert pause_level(Audio(reference.samples + bleed.samples, 8000), reference) == pytest.approx(wanted, abs=0.01)
    assert pause_level(reference, reference) < -90
    assert pause_level(tone(300), tone(300)) is None


def test_the_worst_second_has_its_time_and_silence_has_none():
    found = worst_second(np.array([3.0, np.nan, -7.5, 2.0]))
    assert (found.start, found.value) == (2.0, -7.5)
    assert worst_second(np.array([np.nan])) is None
