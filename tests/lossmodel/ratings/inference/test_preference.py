"""Paired preference: published fits are reproduced, parameters recovered, intervals hold the truth as often as said."""

import gc

import numpy as np
import pytest

from lossmodel.ratings.comparisons import Comparisons
from lossmodel.ratings.inference.preference import NOT_CONNECTED, ONE_ASSESSOR, SEPARATED, preference

PUDDINGS = """1 2 19 22 16; 1 3 16 19 12; 2 3 19 19 10; 1 4 18 23 13; 2 4 23 19 9; 3 4 19 20 15; 1 5 13 19 18;
2 5 16 20 12; 3 5 16 15 17; 4 5 17 14 16; 1 6 18 21 12; 2 6 22 20 12; 3 6 13 18 10; 4 6 14 19 18; 5 6 11 21 12"""
"""Brands i and j of chocolate pudding; preferred i, preferred j, neither (Davidson 1970, table 2)."""
PUDDING_WORTHS = [0.1388005, 0.1729985, 0.1617420, 0.1653930, 0.1586805, 0.2023855]
PUDDING_NU = 0.7468147
"""The maximum likelihood estimates of Davidson 1970, as the vignette of the R package
PlackettLuce prints them; it stops after 7 iterations."""

BASEBALL = """Milwaukee Detroit 7 6; Milwaukee Toronto 9 4; Milwaukee New-York 7 6; Milwaukee Boston 7 6;
Milwaukee Cleveland 9 4; Milwaukee Baltimore 11 2; Detroit Toronto 7 6; Detroit New-York 5 8; Detroit Boston 11 2;
Detroit Cleveland 9 4; Detroit Baltimore 9 4; Toronto New-York 7 6; Toronto Boston 7 6; Toronto Cleveland 8 5;
Toronto Baltimore 12 1; New-York Boston 6 7; New-York Cleveland 7 6; New-York Baltimore 10 3; Boston Cleveland 7 6;
Boston Baltimore 12 1; Cleveland Baltimore 6 7"""
"""Games of the American League East, 1987 (Agresti, Categorical Data Analysis, table 10.10)."""
BASEBALL_ABOVE_BALTIMORE = {
    "Boston": (1.1077, 0.3339), "Cleveland": (0.6839, 0.3319), "Detroit": (1.4364, 0.3396),
    "Milwaukee": (1.5814, 0.3433), "New-York": (1.2476, 0.3359), "Toronto": (1.2945, 0.3367),
}  # fmt: skip
"""Log worths above Baltimore's and their standard errors (the vignette of the R package BradleyTerry2)."""


@pytest.fixture
def _quick(monkeypatch):
    """Hundreds of fits: statsmodels collects garbage at each adjustment of p-values, which takes most of their time."""
    monkeypatch.setattr(gc, "collect", lambda: 0)


def compared(table: str, *, own_assessor: bool = True) -> Comparisons:
    """Comparisons from "first second preferred-first preferred-second [neither]; …", each by an assessor of its own."""
    rows = [row.split() for row in table.split(";")]
    conditions = sorted({name for row in rows for name in row[:2]})
    entries = [
        (conditions.index(row[0]), conditions.index(row[1]), outcome)
        for row in rows
        for count, outcome in zip(row[2:], (1, -1, 0))
        for _ in range(int(count))
    ]
    first, second, outcome = np.array(entries).T
    person = np.arange(len(entries)) if own_assessor else np.zeros(len(entries), dtype=int)
    return Comparisons(tuple(conditions), first, second, outcome, person)


def answered(rng, log_worths, log_nu, *, assessors, repeats, taste=0.0) -> Comparisons:
    """Every assessor compares every pair `repeats` times; `taste` is the SD of what each adds to each log worth."""
    k = len(log_worths)
    pairs = np.array([(i, j) for i in range(k) for j in range(i)] * repeats)
    first, second = np.tile(pairs, (assessors, 1)).T
    person = np.repeat(np.arange(assessors), len(pairs))
    own = np.asarray(log_worths) + taste * rng.standard_normal((assessors, k))
    one, other = own[person, first], own[person, second]
    logits = np.stack([other, log_nu + (one + other) / 2, one], axis=1)
    outcome = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1) - 1
    return Comparisons(tuple(f"c{at}" for at in range(k)), first, second, outcome, person)


def test_davidsons_puddings_have_their_published_worths():
    found = preference(compared(PUDDINGS))
    worths = {each.condition: each.worth for each in found.worths}
    assert [worths[str(brand)] for brand in range(1, 7)] == pytest.approx(PUDDING_WORTHS, abs=5e-5)
    assert found.nu == pytest.approx(PUDDING_NU, abs=2e-4)
    assert sum(worths.values()) == pytest.approx(1)
    [pair] = [each for each in found.pairs if {each.first, each.second} == {"1", "6"}]
    assert (pair.first, pair.preferred, pair.ties, pair.rejected) == ("6", 21, 12, 18)


def test_agrestis_baseball_teams_have_their_published_log_worths_and_standard_errors():
    found = preference(compared(BASEBALL))
    assert found.nu == 0
    logs = {each.condition: each.log_worth for each in found.worths}
    for team, (above, se) in BASEBALL_ABOVE_BALTIMORE.items():
        assert logs[team] - logs["Baltimore"] == pytest.approx(above, abs=1e-4)
        [pair] = [each for each in found.pairs if (each.first, each.second) == (team, "Baltimore")]
        width = np.log(pair.high / (1 - pair.high)) - np.log(pair.low / (1 - pair.low))
        assert width / 2 / 1.9691 == pytest.approx(se, rel=0.1)  # Student's t with 272 df; sandwich for information


def test_parameters_are_recovered():
    truth = np.array([-0.8, -0.1, 0.2, 0.7])
    found = preference(answered(np.random.default_rng(1), truth, -0.5, assessors=400, repeats=4))
    logs = [each.log_worth for each in sorted(found.worths, key=lambda each: each.condition)]
    assert logs == pytest.approx(truth, abs=0.06)
    assert found.nu == pytest.approx(np.exp(-0.5), rel=0.06)
    top = found.pairs[0]
    assert (top.first, top.second) == ("c3", "c2")
    assert top.p_first + top.p_tie + top.p_second == pytest.approx(1)
    assert top.share == pytest.approx(1 / (1 + np.exp(-0.5)), abs=0.02)


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(("taste", "truth"), [(0.0, [-0.8, 0.0, 0.8]), (1.0, [0.0, 0.0, 0.0])])
def test_intervals_hold_the_truth_also_where_assessors_have_tastes_of_their_own(taste, truth):
    rng = np.random.default_rng(2)
    held = []
    for _ in range(400):
        found = preference(answered(rng, truth, -0.7, assessors=16, repeats=6, taste=taste))
        shares = np.exp(truth) / np.exp(truth).sum()
        held += [each.low <= shares[int(each.condition[1])] <= each.high for each in found.worths]
    assert 0.925 <= np.mean(held) <= 0.975


@pytest.mark.usefixtures("_quick")
def test_comparisons_of_one_assessor_are_not_counted_as_independent():
    rng = np.random.default_rng(3)
    drawn = [answered(rng, [0.0, 0.0], -0.7, assessors=16, repeats=12, taste=1.0) for _ in range(400)]
    alone = [Comparisons(each.conditions, each.first, each.second, each.outcome, np.arange(192)) for each in drawn]
    by_assessor, independent = (np.mean([preference(own).pairs[0].p < 0.05 for own in all_]) for all_ in (drawn, alone))
    assert by_assessor <= 0.08
    assert independent >= 0.2


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("a b 5 0 0; b c 2 2 0", SEPARATED),
        ("a b 5 0 3", SEPARATED),
        ("a b 0 0 4", SEPARATED),
        ("a b 3 2; c d 2 2", NOT_CONNECTED),
    ],
)
def test_where_the_likelihood_has_no_maximum_only_the_counts_are_told_and_why(table, why):
    found = preference(compared(table))
    assert found.rule == why
    assert found.nu is None
    assert all(each.worth is None and each.se is None for each in found.worths)
    assert all(each.share is None and each.p is None and each.p_holm is None for each in found.pairs)
    assert sum(each.preferred + each.ties + each.rejected for each in found.pairs) == found.comparisons


def test_one_assessor_gives_worths_without_an_interval():
    found = preference(compared(PUDDINGS, own_assessor=False))
    assert found.rule.endswith(ONE_ASSESSOR)
    assert found.worths[0].worth == pytest.approx(max(PUDDING_WORTHS), abs=5e-5)
    assert found.worths[0].low is None
    assert found.pairs[0].p is None
