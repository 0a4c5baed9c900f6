"""Several studies on one scale: what the same conditions are worth in each, and that chance is called chance."""

import numpy as np
import pandas as pd
import pytest

from lossmodel.ratings.across import across
from tests.lossmodel.ratings.builders import panel


def study(name: str, truth: dict[str, float], *, slope: float = 1.0, offset: float = 0.0, **fields) -> pd.DataFrame:
    """A panel that uses the scale in its own way: `slope` and `offset` over what everything deserves."""
    frame = panel(truth | {"ref": 98.0, "low": 8.0}, **fields)
    roles = frame["condition"].map({"ref": "reference", "low": "anchor"}).fillna("system")
    score = (slope * frame["score"] + offset).clip(0, 100)
    people = name + frame["assessor"]
    return frame.assign(study=name, role=roles, score=score, assessor=people, session=people)


def both(*studies: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(studies, ignore_index=True)


def test_a_panel_that_uses_less_of_the_scale_is_tied_to_the_first_by_reference_and_anchor():
    narrow = study("b", {"net": 60}, noise=2, slope=0.7, offset=25, seed=3)
    found = across(both(study("a", {"net": 60}, noise=2), narrow))
    second = next(each for each in found.scales if each.study == "b")
    assert second.anchored_by == ("hidden reference", "low")
    assert second.slope == pytest.approx(1 / 0.7, rel=0.05)
    (change,) = found.changes
    assert change.value == pytest.approx(0, abs=2.5)
    means = found.means.set_index(["study", "condition"])
    assert means.loc[("b", "net"), "mean"] == pytest.approx(67, abs=2)
    assert means.loc[("b", "net"), "anchored"] == pytest.approx(60, abs=3)


def test_a_version_that_became_better_is_found():
    found = across(both(study("a", {"net": 50, "other": 30}), study("b", {"net": 75, "other": 30}, seed=2)))
    net, other = found.changes
    assert (net.condition, net.first, net.second, net.common_items) == ("net", "a", "b", 5)
    assert net.value == pytest.approx(25, abs=6)
    assert net.p_holm < 0.01 < other.p_holm
    assert net.p <= net.p_holm


def test_studies_without_a_common_item_are_compared_with_items_as_a_sample():
    second = study("b", {"net": 60}, seed=5)
    (change,) = across(both(study("a", {"net": 60}), second.assign(item="other " + second["item"]))).changes
    assert change.common_items == 0
    assert change.low < change.value < change.high


def test_chance_is_called_chance_where_items_differ():
    rng = np.random.default_rng(4)
    called = 0
    for seed in range(15):
        frames = [study(name, {"net": 50}, assessors=6, items=6, seed=2 * seed + at) for at, name in enumerate("ab")]
        tilt = [dict(zip(sorted(set(each["item"])), rng.normal(0, 8, 6), strict=True)) for each in frames]
        for each, own in zip(frames, tilt, strict=True):
            net = each["condition"] == "net"
            each.loc[net, "score"] += each.loc[net, "item"].map(own)
        called += across(both(*frames)).changes[0].p < 0.05
    assert called <= 3


def test_what_cannot_be_compared_says_why_and_simulated_listeners_are_left_out():
    alone = across(both(study("a", {"net": 60}, assessors=1), study("b", {"net": 60})))
    assert alone.changes[0].p is None
    assert "one assessor" in alone.changes[0].rule
    assert across(study("a", {"net": 60})).changes == []
    assert across(both(study("a", {"net": 60}), study("b", {"net": 60}).assign(simulated=True))).changes == []
