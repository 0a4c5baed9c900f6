"""Headphone checks: the sounds do what the papers say, and the right answers cannot be foreseen."""

from collections import Counter

import numpy as np
import pytest

from listening import headphones
from listening.headphones import (
    BAND_WIDTH_SHARE,
    PITCH_HZ,
    SAMPLE_RATE,
    TRIALS_OF_A_CHECK,
    antiphase,
    huggins,
    pitched,
    spans,
    trial,
)
from lossmodel import audio


def intervals(sound) -> list[np.ndarray]:
    return [sound.samples[:, round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)] for start, end in spans()]


def rms(samples) -> float:
    return float(np.sqrt((samples**2).mean()))


@pytest.mark.parametrize("number", range(TRIALS_OF_A_CHECK))
def test_one_tone_is_six_decibels_softer_and_another_in_antiphase(number):
    made = antiphase(7, number)
    parts = intervals(made.sound)
    levels = [rms(part[0]) for part in parts]
    softest = int(np.argmin(levels))
    assert softest + 1 == made.answer
    assert 20 * np.log10(levels[softest] / max(levels)) == pytest.approx(-6, abs=0.01)
    cancelled = [place for place, part in enumerate(parts) if rms(part.sum(axis=0)) == 0]
    assert len(cancelled) == 1
    assert cancelled[0] != softest
    assert all((part[0] == part[1]).all() for place, part in enumerate(parts) if place != cancelled[0])


def test_over_loudspeakers_the_antiphase_tone_seems_the_softest():
    for number in range(TRIALS_OF_A_CHECK):
        made = antiphase(3, number)
        mono = [rms(part.mean(axis=0)) for part in intervals(made.sound)]
        assert int(np.argmin(mono)) + 1 != made.answer


def test_the_tones_are_of_200_hz_and_begin_and_end_in_silence():
    part = intervals(antiphase(1, 0).sound)[0][0]
    spectrum = np.abs(np.fft.rfft(part))
    assert np.fft.rfftfreq(part.size, 1 / SAMPLE_RATE)[spectrum.argmax()] == pytest.approx(200, abs=1)
    assert abs(part[0]) < 1e-4
    assert abs(part[-1]) < 1e-4


def test_every_pair_of_soft_and_antiphase_tone_comes_once_in_six_trials():
    pairs = []
    for number in range(TRIALS_OF_A_CHECK):
        made = antiphase(11, number)
        turned = [n for n, part in enumerate(intervals(made.sound)) if rms(part.sum(axis=0)) == 0]
        pairs.append((made.answer, *turned))
    assert len(set(pairs)) == TRIALS_OF_A_CHECK


def test_each_ear_alone_hears_plain_noise_and_only_the_band_at_600_hz_is_turned():
    left, right = np.fft.rfft(pitched(np.random.default_rng(5)))
    frequency = np.fft.rfftfreq(SAMPLE_RATE, 1 / SAMPLE_RATE)
    inside = np.abs(frequency - PITCH_HZ) <= BAND_WIDTH_SHARE * PITCH_HZ
    assert frequency[inside].min() == 564
    assert frequency[inside].max() == 636
    np.testing.assert_allclose(np.abs(left), np.abs(right))
    np.testing.assert_allclose(left[inside], -right[inside])
    np.testing.assert_allclose(left[~inside], right[~inside])


@pytest.mark.parametrize("number", range(TRIALS_OF_A_CHECK))
def test_the_pitch_is_in_the_right_noise_alone_and_the_three_noises_differ(number):
    made = huggins(2, number)
    parts = intervals(made.sound)
    differing = [place + 1 for place, part in enumerate(parts) if not np.array_equal(part[0], part[1])]
    assert differing == [made.answer]
    assert np.abs(np.corrcoef([part[0] for part in parts]) - np.eye(3)).max() < 0.05
    assert [rms(part[0]) for part in parts] == pytest.approx([rms(parts[0][0])] * 3, rel=0.03)


@pytest.mark.parametrize("kind", headphones.KINDS)
def test_each_interval_is_right_twice_and_another_seed_has_another_order(kind):
    orders = {tuple(trial(kind, seed, number).answer for number in range(TRIALS_OF_A_CHECK)) for seed in range(12)}
    assert all(Counter(order) == {1: 2, 2: 2, 3: 2} for order in orders)
    assert len(orders) > 6


@pytest.mark.parametrize("kind", headphones.KINDS)
def test_the_same_seed_gives_the_same_samples_which_never_clip(kind):
    first, again = trial(kind, 4, 3), trial(kind, 4, 3)
    assert np.array_equal(first.sound.samples, again.sound.samples)
    assert first.sound.channels == 2
    assert first.sound.frames == 4 * SAMPLE_RATE
    assert first.sound.peak < 0.5


@pytest.mark.parametrize("kind", headphones.KINDS)
def test_flac_keeps_the_relation_between_the_ears_exactly(kind, tmp_path):
    made = trial(kind, 9, 1)
    audio.write(tmp_path / "a.flac", made.sound, subtype="PCM_16")
    parts = intervals(audio.read(tmp_path / "a.flac"))
    same = [np.array_equal(part[0], part[1]) for part in parts]
    turned = [np.array_equal(part[0], -part[1]) for part in parts]
    assert sum(same) == 2
    assert sum(turned) == (kind == "antiphase")


def test_an_unknown_check_or_trial_is_refused():
    with pytest.raises(KeyError):
        trial("beats", 1, 0)
    with pytest.raises(IndexError):
        trial("huggins", 1, TRIALS_OF_A_CHECK)
