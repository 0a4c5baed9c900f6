"""Guards pass what hears like people and catch what does not, with the sound that shows it."""

import pytest
import torch

from lossmodel.metrics.spectral import log_mel_distance
from lossmodel.objective.fitting.simulate import listener
from lossmodel.objective.guards import (
    EXPECTED_ORDER,
    EXPECTED_SCORES,
    PROBES,
    Song,
    audit,
    invented_songs,
    mean_scores,
    recorded_songs,
)
from lossmodel.objective.guards.attack import attack
from lossmodel.objective.guards.descent import descend
from lossmodel.objective.guards.families import FAMILIES, LEAK_LEVELS_DB, LEAKS, families, loudness_of
from lossmodel.objective.guards.findings import points
from lossmodel.objective.guards.invariance import compare
from lossmodel.objective.guards.optimisation_attack import (
    AUDITORS,
    attacks,
    auditor_of,
    far_starts,
    optimise,
    pursuits,
    starts,
)
from lossmodel.objective.guards.probes import probe
from lossmodel.objective.ladders import BY_NAME
from tests.lossmodel.objective import songs as sung


def song(seed=1, seconds=1.0):
    voice, mixture = sung.song(seed, seconds=seconds)
    return Song(f"song {seed}", voice, mixture - voice, 44_100)


def likeness(estimate, references, mixture):
    """Score by the distance of mel levels, at the same loudness: nobody's ear, but no fool."""
    reference = references[:, 0]
    loud = (reference.square().mean((1, 2)) + 1e-12).sqrt() / (estimate.square().mean((1, 2)) + 1e-12).sqrt()
    distance = log_mel_distance(estimate * loud.clamp(0.1, 10)[:, None, None], reference, 44_100, bands=40)
    return {"similarity": 100 * torch.exp(-distance / 4)}


def flattery(estimate, references, mixture):
    """Praise everything."""
    return {name: 99 + 0 * estimate.sum((1, 2)) for name in ("quality", "interference", "similarity")}


def loudness(estimate, references, mixture):
    """Praise what is loud, whatever it is."""
    return {"quality": 100 * torch.tanh(3 * (estimate.square().mean((1, 2)) + 1e-12).sqrt())}


def secret(estimate, references, mixture):
    """Praise whoever knows a noise that nobody would want to hear."""
    generator = torch.Generator().manual_seed(5)
    noise = torch.randn(estimate.shape[-1], generator=generator)
    return {"quality": 100 * torch.sigmoid((estimate * noise).mean((1, 2)) / 2e-4)}


def failures(findings):
    return {(each.name, each.attribute) for each in findings if not each.passed}


def test_what_compares_mel_levels_goes_down_every_ladder():
    assert failures(descend(likeness, song(3), seed=5)) == set()


def test_flattery_falls_down_no_ladder():
    found = failures(descend(flattery, song(), seed=1))
    assert ("low-pass", "quality") in found
    assert ("leak", "interference") in found
    assert ("leak", "quality") not in found
    assert not any(name == "level" for name, _ in found)


def test_a_rung_that_is_rated_above_the_one_before_comes_back_in_the_right_order():
    one = song()
    (found,) = [
        each
        for each in descend(loudness, one, seed=1, ladders=[BY_NAME["pink noise"]])
        if each.expected.startswith("no rise")
    ]
    assert not found.passed
    worse, better = points(loudness, one, [found.constraint.worse, found.constraint.better])["quality"]
    assert worse - better == pytest.approx(found.seen)


def test_every_probe_has_an_opinion_and_every_pair_two_probes():
    assert EXPECTED_SCORES.keys() == PROBES.keys()
    for pairs in EXPECTED_ORDER.values():
        assert {each for pair in pairs for each in pair} <= PROBES.keys()
        assert not {pair[::-1] for pair in pairs} & set(pairs)


def test_known_exploits_please_the_flatterer_and_not_the_known_listener():
    flattered = failures(probe(flattery, song()))
    assert {
        ("silence", "quality"),
        ("accompaniment", "interference"),
        ("reference over low-pass", "quality"),
    } <= flattered
    heard = failures(probe(mean_scores(listener()), song(seconds=2.0)))
    assert ("silence", "quality") not in heard
    assert ("mixture", "interference") not in heard
    assert ("mixture", "quality") not in heard


def test_nobody_hears_a_constant_or_which_way_round_the_signal_is():
    one = song()
    scores = points(mean_scores(listener()), one, [PROBES[name](one) for name in ("reference", "inverted", "quieter")])
    for values in scores.values():
        assert values == pytest.approx([values[0]] * 3, abs=0.1)


def test_invariance_is_found_where_it_is_and_missed_where_it_is_not():
    one = song(seconds=1.5)
    estimate = starts(one, seed=1)["mediocre"]
    rows = compare(mean_scores(listener()), one, estimate)
    assert {each.name for each in rows if not each.passed} <= {"dither"}
    assert len({each.name for each in rows}) == 9
    fussy = compare(secret, one, estimate)
    assert ("polarity of all", "quality") in failures(fussy)


def test_gradients_that_are_not_finite_are_found():
    def abyss(estimate, references, mixture):
        return {"quality": estimate.square().mean((1, 2)).log()}

    found = failures(compare(abyss, song(), song().mixture))
    assert ("finite gradient, silent estimate", "quality") in found
    assert ("finite gradient, perfect estimate", "quality") not in found


def test_an_attack_moves_what_is_not_heard_by_people():
    one = song()
    found = attack(secret, one, starts={"reference": one.vocals}, steps=3)
    assert {(each.name, each.attribute) for each in found if not each.passed} >= {("reference up, whole", "quality")}
    assert attack(flattery, one, starts={"reference": one.vocals}, steps=3)[0].seen == 0


def test_an_attack_stays_thirty_decibels_under_the_signal():
    one = song()
    for found in attack(secret, one, starts={"mixture": one.mixture}, steps=3):
        pair = (found.constraint.worse, found.constraint.better)
        change = (pair[0] - pair[1]).square().mean() / one.mixture.square().mean()
        assert -60 < 10 * torch.log10(change) < -29.5


def test_what_an_attack_found_is_what_it_says():
    one = song()
    up = attack(secret, one, starts={"mixture": one.mixture}, steps=3)[0]
    worse, better = points(secret, one, [up.constraint.worse, up.constraint.better])["quality"]
    assert worse - better == pytest.approx(up.seen, abs=0.01)


def test_a_gain_that_every_auditor_denies_is_an_exploit():
    one = song()
    audible = {name: AUDITORS[name] for name in ("SI-SDR", "spectra")}
    findings, traces = attacks(
        secret, one, starts={"mediocre": starts(one, seed=1)["mediocre"]}, steps=15, auditors=audible
    )
    deceived = {trace.form: trace for trace in traces}["waveform"]
    assert deceived.gained > 2
    assert deceived.deceived
    assert failures(findings) >= {("waveform from mediocre", "softest")}


def test_optimising_likeness_makes_the_sound_more_alike():
    one = song()
    start = starts(one, seed=1)["mixture"]
    for form in ("waveform", "mask"):
        trace = optimise(
            likeness, one, "mixture", start, form=form, steps=15, auditors={"spectra": AUDITORS["spectra"]}
        )
        assert trace.gained > 0.3, form
        assert not trace.deceived, form
        assert len(trace.scores) == 16


def test_a_pursuit_begins_at_another_voice_and_at_noise_as_loud_as_the_voice():
    one, other = song(1), song(2)
    far = far_starts(one, other, seed=1)
    assert list(far) == ["another voice", "noise"]
    for start in far.values():
        assert float(start.square().mean()) == pytest.approx(float(one.vocals.square().mean()), rel=1e-3)
    assert list(far_starts(one, one, seed=1)) == ["noise"]


def test_a_gain_that_one_auditor_denies_fails_a_pursuit():
    one = song()
    start = {"mediocre": starts(one, seed=1)["mediocre"]}
    kind = {"SI-SDR": AUDITORS["SI-SDR"], "flatterer": lambda _, estimate: float(estimate.abs().max())}
    (found,), (trace,) = pursuits(secret, one, starts=start, steps=15, auditors=kind)
    assert trace.gained > 2
    assert trace.denied_by == ["SI-SDR"]
    assert not found.passed
    (found,), _ = pursuits(secret, one, starts=start, steps=15, auditors={"flatterer": kind["flatterer"]})
    assert found.passed


def test_auditors_prefer_the_reference_to_the_mixture():
    one = song()
    for name, ask in AUDITORS.items():
        assert ask(one, one.vocals) > ask(one, one.mixture), name


def test_a_held_out_objective_is_an_auditor():
    one = song()
    ask = auditor_of(mean_scores(listener()))
    assert ask(one, one.vocals) > ask(one, one.mixture)


def test_an_audit_is_a_table_and_is_the_same_twice():
    one = song()
    once, again = (audit(secret, [one], guards=("exploit", "attack"), attack_steps=2) for _ in range(2))
    assert [row.seen for row in once.rows] == [row.seen for row in again.rows]
    text = once.table()
    assert "FAILS" in text
    assert len(text.splitlines()) > len(once.rows)
    assert len(once.table(failed_only=True)) < len(text)
    assert len(once.constraints) > 0


def test_an_unknown_guard_is_named():
    with pytest.raises(ValueError, match="no guard 'prayer'; there are ladder"):
        audit(flattery, [song()], guards=("prayer",))


def test_invented_songs_are_the_same_each_time_and_have_both_parts():
    first, again = (invented_songs(1, seconds=1.0, rate=16_000)[0] for _ in range(2))
    assert torch.equal(first.vocals, again.vocals)
    assert first.vocals.shape == first.accompaniment.shape == (1, 16_000)
    assert 0.01 < float(first.vocals.std()) < 1
    assert float(first.mixture.abs().max()) <= 0.71


@pytest.mark.data
def test_recorded_songs_come_apart_into_voice_and_the_rest(data):
    for one in recorded_songs(data, most=2, seconds=2.0):
        overlap = (one.vocals * one.accompaniment).sum() / (one.vocals.norm() * one.accompaniment.norm())
        assert abs(float(overlap)) < 1e-3


def test_families_of_sounds_tell_flattery_from_an_ear():
    two = [song(1), song(2)]
    among = [each for each in FAMILIES if each.name in ("tone", "silence", "late by", "right channel at")]
    found = failures(families(flattery, two, among=among))
    assert {("tone 0 dB", "quality"), ("silence 0", "similarity"), ("right channel at 0 x", "quality")} <= found
    assert not any(name.startswith("late") for name, _ in found)


def test_leaks_are_as_loud_as_the_plain_one_and_are_held_against_it():
    two = [song(1), song(2)]
    found = families(flattery, two)
    leaks = [each for each in found if each.name.startswith("leak")]
    assert len(leaks) == 2 * len(LEAKS) * len(LEAK_LEVELS_DB)
    assert all(each.passed and each.seen == 0 for each in leaks)
    for each in leaks:
        one = two[0] if each.song == two[0].name else two[1]
        wanted = loudness_of(one.accompaniment, 44_100) + float(each.name.split()[-2])
        assert loudness_of(each.constraint.worse - one.vocals, 44_100) == pytest.approx(wanted, abs=0.2), each.name
