"""What is taken apart is what was put together, and every feature goes the way of what it is named for."""

import pytest
import torch

from lossmodel.objective.ear import degradation, flaws
from lossmodel.objective.ear.features import FEATURES, compute
from lossmodel.objective.ear.frontend import RATE
from lossmodel.objective.ear.listening import listen
from lossmodel.objective.guards import kinds
from lossmodel.objective.ladders import BY_NAME
from tests.lossmodel.objective.songs import degraded, song


def scene(estimate, voice, mixture):
    return listen(estimate[None], voice[None, None], mixture[None])


def feature(name, estimate, voice, mixture):
    return float(FEATURES[name](scene(estimate, voice, mixture)))


def test_a_remix_is_all_target_and_leak_and_no_artefact():
    voice, mixture = song(1)
    patches = scene(voice + 0.3 * (mixture - voice), voice, mixture).patches
    assert float((patches.artefact / (patches.ee + 1e-6)).mean()) < 0.02


def test_noise_is_artefact():
    voice, mixture = song(1)
    noise = 0.05 * torch.randn(voice.shape, generator=torch.Generator().manual_seed(1))
    assert feature("artefact_pattern", voice + noise, voice, mixture) > 0.05


@pytest.mark.parametrize("name", FEATURES)
def test_the_reference_has_no_distortion(name):
    voice, mixture = song(2)
    assert feature(name, voice, voice, mixture) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("name", ["flux", "wobble", "missing_whole", "onsets_lost"])
def test_the_mixture_is_a_remix_without_damage(name):
    voice, mixture = song(2)
    worse = feature(name, degraded(voice, mixture, leak=0.1, holes=0.9, dull=0.9), voice, mixture)
    assert feature(name, mixture, voice, mixture) < 0.4 * worse


def test_only_where_next_to_nothing_is_left_the_voice_is_absent():
    voice, mixture = song(2)
    assert feature("absent", degraded(voice, mixture, leak=0.0, holes=0.2, dull=0.2), voice, mixture) == 0
    assert feature("absent", torch.zeros_like(voice), voice, mixture) > 2


def test_a_voice_nearly_lost_has_no_less_added_than_one_half_lost():
    voice, mixture = song(3)
    *_, half, nearly = (
        scene(rung[0], voice, mixture)
        for rung in BY_NAME["drop-outs"].rungs(voice[None], (mixture - voice)[None], RATE, seed=3)
    )
    assert float(half.audibility_weight) == pytest.approx(1, abs=0.02)
    assert float(nearly.audibility_weight) < 0.5
    for name in ("excess", "excess_worst", "excess_audible", "blind_level_worst", "leak_level_worst", "bass_added"):
        added = FEATURES[name]
        assert float(added(nearly)) > float(added(half)), name


@pytest.mark.parametrize(
    "name",
    [
        *("leak", "leak_level", "leak_steep", "leak_low", "leak_beside", "excess_db", "blind_leak", "blind_level"),
        *("leak_level_worst", "leak_worst", "leak_share", "excess_worst", "blind_level_worst"),
    ],
)
def test_more_leak_is_more_leak(name):
    voice, mixture = song(3)
    ladder = [feature(name, voice + gain * (mixture - voice), voice, mixture) for gain in (0.03, 0.1, 0.3, 1.0)]
    assert ladder == sorted(ladder)
    assert ladder[-1] > ladder[0]


HOLED = (
    "flux", "wobble", "missing_whole", "lost", "pattern", "onsets_lost", "likeness", "holes", "worst_moments", "flicker"
)  # fmt: skip


@pytest.mark.parametrize("name", HOLED)
def test_more_holes_are_worse(name):
    voice, mixture = song(4)
    steps = (0.0, 0.1, 0.3, 0.6, 0.9)
    ladder = [feature(name, degraded(voice, mixture, leak=0, holes=share, dull=0), voice, mixture) for share in steps]
    assert ladder == sorted(ladder)


@pytest.mark.parametrize(
    ("at_worst", "on_average"),
    [
        ("leak_level_worst", "leak_level"), ("leak_worst", "leak"),
        ("excess_worst", "excess"), ("blind_level_worst", "blind_level"),
    ],
)  # fmt: skip
def test_a_leak_that_comes_and_goes_counts_more_at_its_worst_than_on_average(at_worst, on_average):
    voice, mixture = song(3, seconds=4.0)
    band, now = mixture - voice, (torch.arange(voice.shape[-1]) // 44_100 % 2).float()
    steady, now_and_then = voice + 0.2 * band, voice + 0.2 * 2**0.5 * now * band
    worst, mean = (
        feature(name, now_and_then, voice, mixture) / feature(name, steady, voice, mixture)
        for name in (at_worst, on_average)
    )
    assert worst > mean + 0.2


def test_only_clicks_are_bursts():
    voice, mixture = song(4)
    parts = voice[None], (mixture - voice)[None]
    clicks, *others = (
        [feature("bursts", rung[0], voice, mixture) for rung in BY_NAME[name].rungs(*parts, 44_100, seed=1)]
        for name in ("clicks", "gating", "holes", "leak")
    )
    assert clicks == sorted(clicks)
    assert clicks[-1] > 0.01
    assert max(map(max, others)) < 0.01 * clicks[-1]


def test_polarity_is_not_heard():
    voice, mixture = song(5)
    estimate = degraded(voice, mixture, leak=0.2, holes=0.3, dull=0.1)
    upright, inverted = (compute(scene(sign * estimate, voice, mixture), list(FEATURES)) for sign in (1, -1))
    assert all(torch.allclose(upright[name], inverted[name], atol=1e-4) for name in FEATURES)


@pytest.mark.parametrize("estimate", ["reference", "mixture", "silence", "noise"])
@pytest.mark.parametrize("reference", ["voice", "silence"])
def test_features_and_their_gradients_are_finite_everywhere(estimate, reference):
    voice, mixture = song(6, seconds=1.0)
    silence = torch.zeros_like(voice)
    heard = (
        {
            "reference": voice,
            "mixture": mixture,
            "silence": silence,
            "noise": torch.randn(voice.shape, generator=torch.Generator().manual_seed(2)),
        }[estimate]
        .clone()
        .requires_grad_()
    )
    against = voice if reference == "voice" else silence
    found = compute(scene(heard, against, mixture), list(FEATURES))
    assert all(value.isfinite().all() for value in found.values())
    torch.stack([value.sum() for value in found.values()]).sum().backward()
    assert heard.grad.isfinite().all()


def test_every_feature_has_a_gradient_on_a_real_estimate():
    voice, mixture = song(7, seconds=1.0)
    for name in FEATURES.keys() - flaws.FEATURES.keys() - {"absent", "bands_lost", "bursts"}:
        estimate = degraded(voice, mixture, leak=0.2, holes=0.3, dull=0.2).requires_grad_()
        FEATURES[name](scene(estimate, voice, mixture)).sum().backward()
        assert estimate.grad.abs().max() > 0, name


def test_levels_are_apart_by_what_is_heard_and_not_by_the_waveform():
    """A voice of other phases keeps its levels; one without treble, or with noise in its pauses, does not."""
    voice, mixture = song(8, seconds=3.0)
    lines = torch.fft.rfft(voice)
    dispersed = torch.polar(lines.abs(), lines.angle() + 0.02 * torch.arange(lines.shape[-1]) ** 0.9)
    made_anew = torch.fft.irfft(dispersed, voice.shape[-1])
    dull = degraded(voice, mixture, leak=0, holes=0, dull=1.0)
    noisy = voice + 0.02 * torch.randn(voice.shape, generator=torch.Generator().manual_seed(1))
    for name in degradation.FEATURES:
        anew, *worse = (feature(name, each, voice, mixture) for each in (made_anew, dull, noisy))
        assert anew < 0.1 * min(worse), name


@pytest.mark.parametrize("delay", [-17_640, 20, 6_615])
def test_a_constant_delay_and_a_channel_turned_upside_down_change_nothing(delay):
    voice, mixture = song(9, seconds=3.0)
    voice, mixture = voice.expand(2, -1), mixture.expand(2, -1)
    estimate = degraded(voice, mixture, leak=0.2, holes=0.2, dull=0.1)
    moved = estimate.roll(delay, -1) * torch.tensor([[1.0], [-1.0]])
    moved[:, slice(0, delay) if delay > 0 else slice(delay, None)] = 0
    before, after = (compute(scene(each, voice, mixture), list(FEATURES)) for each in (estimate, moved))
    for name in ("wobble", "leak", "lost", "levels_quick", "levels_coarse"):
        assert float(after[name]) == pytest.approx(float(before[name]), rel=0.2, abs=0.05), name


def test_a_voice_with_one_channel_upside_down_is_the_voice():
    """Though nothing is left of it where the channels are mixed."""
    voice, mixture = song(9, seconds=2.0)
    both = voice.expand(2, -1)
    found = compute(scene(torch.cat([voice, -voice]), both, mixture.expand(2, -1)), list(FEATURES))
    assert all(float(value) == pytest.approx(0, abs=1e-3) for value in found.values())


def test_silence_has_no_delay():
    voice, mixture = song(9, seconds=2.0)
    assert torch.equal(scene(torch.zeros_like(voice), voice, mixture).signals.reference[0], voice)


def test_a_delay_is_heard_through_a_vocoder():
    voice, mixture = song(10, seconds=3.0)
    (made,) = BY_NAME["vocoder"].degrade(voice[None], (mixture - voice)[None], RATE, 1.0, 0)
    late = torch.nn.functional.pad(made, (RATE // 5, -RATE // 5))
    one, other = (feature("levels_slow", each, voice, mixture) for each in (made, late))
    assert other == pytest.approx(one, rel=0.15)


def test_leak_of_another_phase_is_leak_and_a_voice_out_of_tune_is_none():
    voice, mixture = song(3, seconds=3.0)
    band, known = mixture - voice, FEATURES["leak_level_any"]
    inverted = torch.cat([band, -band])
    both, mixed = voice.expand(2, -1), mixture.expand(2, -1)
    plain, turned = (float(known(scene(both + 0.3 * each, both, mixed))) for each in (band, inverted))
    assert turned > 0.6 * plain
    assert feature("leak_level", both + 0.3 * inverted, both, mixed) < 0.5 * plain
    off = kinds.pitched(voice, RATE, 30.0)
    assert feature("leak_level_any", off, voice, mixture) < feature("leak_level", off, voice, mixture)


def test_what_is_missing_in_one_channel_or_half_the_time_is_a_flaw():
    voice, mixture = song(9, seconds=3.0)
    both, mixed = voice.expand(2, -1), mixture.expand(2, -1)
    dead = feature("missing_parts", kinds.of_channels(voice, (1.0, 0.0)), both, mixed)
    half = feature("missing_parts", kinds.without(voice, 0.5, 1.0), voice, mixture)
    third = feature("missing_parts", kinds.without(voice, 0.67, 1.0), voice, mixture)
    assert min(dead, half) > third > 0
    assert feature("missing_parts", 0.1 * degraded(voice, mixture, leak=0.3, holes=0.5, dull=1), voice, mixture) == 0


@pytest.mark.parametrize("sound", [kinds.tone, kinds.hum])
def test_a_sound_that_never_stops_is_a_flaw_the_louder_the_more(sound):
    voice, mixture = song(9, seconds=3.0)
    added = sound(voice, RATE) / sound(voice, RATE).std() * voice.std()
    steps = [feature("steady", voice + gain * added, voice, mixture) for gain in (0.1, 0.3, 1.0)]
    assert 0 < steps[0] < steps[1] < steps[2]
    assert feature("steady", mixture, voice, mixture) == pytest.approx(0, abs=0.05)


def test_a_skip_is_one_flaw_and_what_follows_is_where_it_belongs():
    voice, mixture = song(9, seconds=3.0)
    skipped = kinds.skipped(voice, RATE, 100.0)
    found = scene(skipped, voice, mixture)
    assert float(found.signals.skipped) == pytest.approx(0.1, abs=0.002)
    assert float(FEATURES["skips"](found)) == 1
    apart = (found.signals.estimate - found.signals.reference).square().mean() / voice.square().mean()
    assert float(apart) < 0.25
    assert feature("skips", degraded(voice, mixture, leak=0.3, holes=0.5, dull=1), voice, mixture) == 0


@pytest.mark.parametrize("gain", [0.02, 40.0])
def test_thirty_decibels_too_soft_or_loud_is_made_good(gain):
    voice, mixture = song(2)
    estimate = degraded(voice, mixture, leak=0.2, holes=0.3, dull=0.1)
    for name in ("wobble", "excess", "levels_slow"):
        changed, plain = (feature(name, each, voice, mixture) for each in (gain * estimate, estimate))
        assert changed == pytest.approx(plain, rel=1e-3, abs=1e-4)
