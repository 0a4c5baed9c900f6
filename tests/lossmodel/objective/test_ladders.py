"""Every ladder gets worse from rung to rung, by measures that know nothing of ladders."""

from itertools import pairwise

import pytest
import torch

from lossmodel.metrics.ratios import si_sdr
from lossmodel.metrics.spectral import log_mel_distance, magnitudes
from lossmodel.objective.ladders import BY_NAME, LADDERS, STRENGTHS
from tests.lossmodel.objective.songs import song

RATES = (16_000, 48_000)

ladders = pytest.mark.parametrize("ladder", LADDERS, ids=lambda ladder: ladder.name)


def excerpt(seed=3, seconds=1.0):
    """Return (vocals, accompaniment), each (1, 1, time), at 44.1 kHz."""
    voice, mixture = song(seed, seconds=seconds)
    return voice[None], (mixture - voice)[None]


def tone(frequency, rate, seconds=1.0):
    return torch.sin(2 * torch.pi * frequency * torch.arange(int(seconds * rate)) / rate)[None, None]


def loudest(signal, rate):
    """Return the frequency of the strongest spectral line, Hz."""
    return float(torch.fft.rfft(signal[0, 0]).abs().argmax()) * rate / signal.shape[-1]


def decibels(signal, of):
    return float(10 * torch.log10(signal.square().mean() / of.square().mean()))


@ladders
def test_each_rung_is_further_from_the_voice_than_the_one_before(ladder):
    vocals, accompaniment = excerpt()
    rungs = ladder.rungs(vocals, accompaniment, 44_100, seed=5)
    distances = [0.0, *(float(log_mel_distance(each, vocals, 44_100)) for each in rungs)]
    assert all(after > before for before, after in pairwise(distances)), distances


@ladders
def test_no_strength_is_the_voice_itself(ladder):
    vocals, accompaniment = excerpt()
    assert float(si_sdr(ladder.degrade(vocals, accompaniment, 44_100, 0.0, 1), vocals)) > 55


@ladders
def test_a_batch_hears_what_its_excerpts_would_hear_one_by_one(ladder):
    first, second = excerpt(1), excerpt(2)
    together = ladder.degrade(*(torch.cat(each) for each in zip(first, second)), 44_100, 0.6, 7)
    alone = torch.cat([ladder.degrade(*each, 44_100, 0.6, 7) for each in (first, second)])
    assert torch.allclose(together, alone, atol=1e-5)


@ladders
@pytest.mark.parametrize("rate", RATES)
def test_stereo_at_any_rate_keeps_its_shape_and_stays_finite_even_on_silence(ladder, rate):
    vocals = torch.cat([tone(300, rate, 0.3)] * 2, dim=1)
    for voice in (vocals, 0 * vocals):
        found = ladder.degrade(voice, 0.5 * vocals.roll(50, -1), rate, 1.0, 2)
        assert found.shape == vocals.shape
        assert found.isfinite().all()


@pytest.mark.parametrize("name", ["musical noise", "holes", "drop-outs", "phase scramble", "white noise", "mask"])
def test_random_draws_depend_on_the_seed_alone(name):
    vocals, accompaniment = excerpt()
    degrade = BY_NAME[name].degrade
    once, again, other = (degrade(vocals, accompaniment, 44_100, 0.5, seed) for seed in (4, 4, 5))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


def test_a_full_leak_is_the_mixture():
    vocals, accompaniment = excerpt()
    assert torch.equal(BY_NAME["leak"].degrade(vocals, accompaniment, 44_100, 1.0, 0), vocals + accompaniment)


def test_the_second_rung_of_the_low_pass_is_about_the_low_anchor():
    rate = 44_100
    low = [BY_NAME["low-pass"].degrade(tone(f, rate), 0 * tone(f, rate), rate, 0.5, 0) for f in (2000, 7000)]
    assert decibels(low[0], tone(2000, rate)) > -0.5
    assert decibels(low[1], tone(7000, rate)) < -35


def test_detuning_is_a_whole_tone_down():
    rate = 44_100
    found = BY_NAME["detune"].degrade(tone(440, rate), 0 * tone(440, rate), rate, 1.0, 0)
    assert loudest(found, rate) == pytest.approx(440 * 2 ** (-200 / 1200), rel=0.03)  # heads beat by a few Hz


def test_vibrato_swings_by_the_promised_cents():
    rate = 44_100
    angle = torch.fft.rfft(BY_NAME["vibrato"].degrade(tone(1000, rate), 0 * tone(1000, rate), rate, 1.0, 0)[0, 0])
    angle[0] = 0
    analytic = torch.fft.ifft(torch.cat([2 * angle, torch.zeros(rate - len(angle), dtype=angle.dtype)]))
    pitch = torch.angle(analytic[1:] * analytic[:-1].conj())[2000:-2000] * rate / (2 * torch.pi)
    cents = 1200 * torch.log2(pitch / 1000)
    assert float(cents.max()) == pytest.approx(150, abs=20)
    assert float(cents.min()) == pytest.approx(-150, abs=25)


def test_gating_at_full_strength_silences_half_of_the_time():
    vocals = torch.ones(1, 1, 44_100)
    assert float(BY_NAME["gating"].degrade(vocals, vocals, 44_100, 1.0, 0).mean()) == pytest.approx(0.5, abs=0.01)


def test_white_noise_has_the_promised_level():
    vocals, accompaniment = excerpt()
    noise = [each - vocals for each in BY_NAME["white noise"].rungs(vocals, accompaniment, 44_100, seed=1)]
    assert [decibels(each, vocals) for each in noise] == pytest.approx([-46.5, -29.0, -14.0, 0.0], abs=0.1)


def test_the_vocoder_keeps_levels_and_loses_phases():
    vocals, accompaniment = excerpt()
    found = BY_NAME["vocoder"].degrade(vocals, accompaniment, 44_100, 1.0, 1)
    assert abs(decibels(found, vocals)) < 1.5
    assert float(si_sdr(found, vocals)) < -10


def test_over_suppression_takes_nothing_where_there_is_no_accompaniment():
    vocals, _ = excerpt()
    found = BY_NAME["over-suppression"].degrade(vocals, 0 * vocals, 44_100, 1.0, 0)
    assert torch.allclose(found, vocals, atol=1e-5)


def test_smearing_fills_the_gaps_between_harmonics():
    rate = 44_100
    voice = tone(400, rate) + tone(800, rate)
    between = [
        float(magnitudes(each, fft=4096, hop=1024)[0, 0, 52:58].mean())  # about 600 Hz
        for each in (voice, BY_NAME["smearing"].degrade(voice, 0 * voice, rate, 1.0, 0))
    ]
    assert between[1] > 3 * between[0]


def test_every_ladder_says_what_people_would_say_and_why():
    for ladder in LADDERS:
        assert set(ladder.effects) == {"quality", "interference", "similarity"}
        assert ladder.because
    assert len(STRENGTHS) >= 4
    assert len({ladder.name for ladder in LADDERS}) == len(LADDERS) >= 25
