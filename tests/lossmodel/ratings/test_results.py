"""An analysis: panels are never pooled, before and after screening stand side by side, nothing ends in a traceback."""

import numpy as np
import pandas as pd
import pytest

from lossmodel.ratings.results import EVERYBODY_EXCLUDED, compute
from tests.lossmodel.ratings.builders import panel, rating, ratings, referenced


def test_studies_attributes_and_simulated_listeners_are_never_pooled():
    people = panel({"a": 30, "b": 60})
    frame = pd.concat(
        [people, people.assign(study="t"), people.assign(attribute="interference"),
         people.assign(simulated=True, score=10.0, assessor=people["assessor"] + "s")],
        ignore_index=True,
    )  # fmt: skip
    found = compute(frame)
    assert [str(each.key) for each in found.panels] == [
        "s, interference", "s, quality", "s, quality (simulated)", "t, quality"
    ]  # fmt: skip
    assert found.panels[1].kept.summaries[0].mean == pytest.approx(30, abs=3)
    assert found.panels[2].kept.summaries[0].mean == 10


def test_before_and_after_screening_stand_side_by_side():
    rows = panel({"a": 30, "b": 60}, assessors=3, items=3).to_dict("records")
    rows += referenced("P0", [100] * 3) + referenced("P1", [100] * 3) + referenced("P2", [10, 20, 100])
    (found,) = compute(ratings(*rows)).panels
    assert found.excluded == 1
    assert [each.assessors for each in found.everybody.summaries] == [3, 3, 3]
    assert [each.assessors for each in found.kept.summaries] == [2, 2, 2]


def test_where_everybody_is_excluded_all_are_shown_with_a_warning():
    rows = panel({"a": 30, "b": 60}, assessors=3, items=3).to_dict("records")
    rows += [row for name in ("P0", "P1", "P2") for row in referenced(name, [10] * 3)]
    (found,) = compute(ratings(*rows)).panels
    assert found.warning == EVERYBODY_EXCLUDED
    assert found.kept is found.everybody
    assert found.kept.differences[0].value == pytest.approx(30, abs=8)


def one_condition() -> pd.DataFrame:
    return panel({"a": 50})


def own_songs() -> pd.DataFrame:
    frame = panel({"a": 30, "b": 60, "c": 62}, items=9)
    number = frame["item"].str[4:].astype(int)
    return frame[(frame["condition"] == "a") & (number < 3) | (frame["condition"] == "b") & number.between(3, 5)
                 | (frame["condition"] == "c") & (number > 5)]  # fmt: skip


def gaps() -> pd.DataFrame:
    frame = panel({"a": 30, "b": 60, "c": 62}, items=4)
    return frame[np.random.default_rng(0).random(len(frame)) > 0.3]


FRAMES = {
    "one rating": lambda: ratings(rating()),
    "one assessor": lambda: panel({"a": 30, "b": 60}, assessors=1),
    "one item": lambda: panel({"a": 30, "b": 60}, items=1),
    "one condition": one_condition,
    "all equal": lambda: panel({"a": 50, "b": 50}, noise=0),
    "only anchors": lambda: panel({"a": 30, "b": 60}).assign(role="anchor"),
    "two assessors": lambda: panel({"a": 30, "b": 60}, assessors=2),
    "own songs": own_songs,
    "gaps": gaps,
}


@pytest.mark.parametrize("name", FRAMES)
def test_what_cannot_be_computed_is_none_with_its_reason_and_never_nan(name):
    (found,) = compute(FRAMES[name]().reset_index(drop=True)).panels
    part = found.kept
    for each in (*part.summaries, *part.items, *part.differences, *part.effects):
        numbers = [value for value in vars(each).values() if isinstance(value, float)]
        assert np.isfinite(numbers).all(), each
        assert each.rule
    assert all(each.p is not None or each.rule.startswith(("not computed", "mixed model not")) for each in part.effects)


def test_two_assessors_who_agree_to_the_point_prove_nothing():
    (found,) = compute(FRAMES["all equal"]()).panels
    assert found.kept.differences[0].p is None
    assert found.kept.effects[0].p is None


def test_systems_on_their_own_songs_are_compared_by_the_mixed_model():
    (found,) = compute(own_songs().reset_index(drop=True)).panels
    omnibus = found.kept.effects[0]
    assert omnibus.rule.startswith("mixed model, random:")
    assert omnibus.p < 0.05
