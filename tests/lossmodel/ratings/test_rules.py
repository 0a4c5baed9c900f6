"""Every rule counts what it says, is off without its threshold, and says where the table does not tell."""

import pandas as pd
import pytest

from lossmodel.errors import BadInput
from lossmodel.ratings.rules import UNSCREENED_NOTE
from lossmodel.ratings.screening import screen
from lossmodel.ratings.thresholds import Rules
from tests.lossmodel.ratings.builders import anchored, panel, rating, ratings, referenced


def excluded(frame, **rules) -> list[tuple[str, str]]:
    return [(each.assessor, each.rule) for each in screen(frame, Rules(**rules)).exclusions]


def pages(**columns) -> pd.DataFrame:
    """Two assessors with ten pages each; `columns` are those of the second."""
    rows = [rating(assessor=who, session=who, item=f"i{at}", trial=at) for who in "AB" for at in range(10)]
    frame = ratings(*rows)
    return frame.assign(**{name: [good] * 10 + [bad] * 10 for name, (good, bad) in columns.items()})


def test_the_table_names_its_own_mid_anchor():
    rows = [row for name in "ABCDE" for row in referenced(name, [100] * 5) + anchored(name, [50] * 5)]
    rows += referenced("F", [100] * 5) + anchored("F", [95, 50, 50, 50, 50])
    frame = ratings(*rows)
    frame["anchor"] = frame["condition"].map({"mid": "mid"}).fillna("")
    assert excluded(frame) == [("F", "mid-anchor")]
    assert excluded(frame.drop(columns="anchor")) == []


def test_without_a_reference_beside_the_scale_nobody_missed_it():
    frame = ratings(*referenced("A", [75] * 10))
    assert excluded(frame) == [("A", "reference")]
    graded = screen(frame.assign(against_reference=False))
    assert graded.exclusions == ()
    assert any(UNSCREENED_NOTE in note for note in graded.notes)


def test_a_repeated_item_counts_once():
    again = [row | {"replicate": 1, "score": 20} for row in referenced("A", [100] * 3)]
    assert excluded(ratings(*referenced("A", [100] * 3), *again)) == []


@pytest.mark.parametrize(
    ("columns", "threshold", "rule"),
    [
        ({"seconds": (20.0, 2.0)}, {"min_seconds": 5}, "too-fast"),
        ({"heard": (3.0, 0.2)}, {"min_heard": 1}, "not-heard"),
        ({"proved": (True, False)}, {"proved_only": True}, "unproved"),
    ],
)
def test_a_further_rule_excludes_where_it_has_a_threshold_and_says_where_it_has_no_column(columns, threshold, rule):
    frame = pages(**columns)
    assert excluded(frame) == []
    assert excluded(frame, **threshold) == [("B", rule)]
    (name,) = columns
    bare = frame.assign(**{name: None}) if name == "seconds" else frame.drop(columns=name)
    assert any(f"rule {rule} not applied" in note for note in screen(bare, Rules(**threshold)).notes)


def test_who_rates_the_same_sound_differently_is_inconsistent():
    first = panel({"a": 50}, assessors=2, items=8, noise=1)
    again = first.assign(replicate=1, score=first["score"].where(first["assessor"] == "P0", 90.0))
    both = pd.concat([first, again], ignore_index=True)
    assert excluded(both, max_retest=25) == [("P1", "inconsistent")]
    assert any("nothing was rated twice" in note for note in screen(first, Rules(max_retest=25)).notes)


def test_impossible_thresholds_are_refused_by_name():
    with pytest.raises(BadInput, match=r"share 1\.5: choose a value from 0 to 1"):
        screen(panel({"a": 50}), Rules(share=1.5))
    with pytest.raises(BadInput, match="reference-below -3"):
        screen(panel({"a": 50}), Rules(reference_below=-3))


def test_grades_and_sliders_that_never_moved_are_pointed_out():
    grades = screen(ratings(*(rating(item=f"i{at}", score=at % 5 + 1) for at in range(10))))
    assert any("no score is above 5: if these are grades" in note for note in grades.notes)
    still = screen(ratings(*(rating(item=f"i{at}", score=100) for at in range(10))))
    assert any("assessor A gave 100 in 10 of 10 ratings" in note for note in still.notes)
    assert not any("gave" in note or "grades" in note for note in screen(panel({"a": 50})).notes)
