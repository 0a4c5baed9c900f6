"""Tables of pairs are recognised, and nothing else is; the analysis of one says who is preferred."""

import json

import numpy as np
import pandas as pd
import pytest

from listening.presets import PRESETS, Form
from lossmodel.ratings import table
from lossmodel.ratings.analyse import analyse
from lossmodel.ratings.comparisons import comparisons
from lossmodel.ratings.methods import GRADE_METHODS, PAIR_METHODS
from lossmodel.ratings.results import compute
from tests.lossmodel.ratings.builders import panel, rating, ratings


def page(number: int, first: str, second: str, score: float, **changes) -> list[dict]:
    """The two ratings of one page; `score` is the second's."""
    trial = {"trial": number, "item": f"item{number}"} | changes
    return [rating(condition=first, score=100 - score, **trial), rating(condition=second, score=score, **trial)]


def pairs(*, assessors: int = 8, items: int = 6) -> pd.DataFrame:
    """Each assessor compares a, b and c on each item; b wins more often than a, and a than c."""
    rng = np.random.default_rng(0)
    log_worths = {"a": 0.0, "b": 0.8, "c": -0.8}
    rows = []
    for person in range(assessors):
        for number, (item, (part, (one, other))) in enumerate(
            (item, pair) for item in range(items) for pair in enumerate([("a", "b"), ("a", "c"), ("b", "c")])
        ):
            utilities = np.array([log_worths[one], (log_worths[one] + log_worths[other]) / 2 - 0.7, log_worths[other]])
            score = 50.0 * (utilities + rng.gumbel(size=3)).argmax()
            who = {"assessor": f"P{person}", "session": str(person), "part": part, "item": f"item{item}"}
            rows += page(number, one, other, score, **who)
    return ratings(*rows)


def test_the_methods_of_pairs_and_grades_are_those_of_the_presets():
    forms = {form: {each.key for each in PRESETS.values() if each.rules.form == form} for form in Form}
    assert forms[Form.PAIR] == PAIR_METHODS
    assert forms[Form.CATEGORY] == GRADE_METHODS


def test_who_was_preferred_is_read_from_the_two_scores_of_a_page():
    found = comparisons(ratings(*page(1, "a", "b", 100), *page(2, "a", "b", 50), *page(3, "b", "c", 33.333)))
    assert found.conditions == ("a", "b", "c")
    assert list(zip(found.first, found.second, found.outcome)) == [(0, 1, -1), (0, 1, 0), (1, 2, 1)]


def test_ratings_on_scales_are_no_pairs():
    assert comparisons(panel({"a": 30, "b": 60})) is None
    scale = ratings(*page(1, "a", "b", 70)).assign(method="mushra")
    assert comparisons(scale) is None
    assert comparisons(scale.assign(method="ab")) is not None
    assert comparisons(scale.assign(method="")) is not None
    assert compute(panel({"a": 30, "b": 60})).panels[0].kept.preference is None


def test_a_page_of_which_one_rating_is_missing_is_left_out_where_the_method_is_known():
    frame = ratings(*page(1, "a", "b", 100), *page(2, "a", "b", 50)[:1])
    assert comparisons(frame) is None
    assert len(comparisons(frame.assign(method="ab")).outcome) == 1


def test_the_report_of_pairs_says_who_is_preferred(tmp_path):
    table.write(tmp_path / "ratings.csv", pairs())
    analyse(table.read(tmp_path / "ratings.csv"), tmp_path / "out")
    [found] = json.loads((tmp_path / "out" / "results.json").read_text())["panels"]
    told = found["everybody"]["preference"]
    assert [each["condition"] for each in told["worths"]] == ["b", "a", "c"]
    assert told["comparisons"] == 8 * 6 * 3
    worths, chosen = (pd.read_csv(tmp_path / "out" / f"{name}.csv") for name in ("worths", "preferences"))
    assert worths["worth"].sum() == pytest.approx(1)
    assert (worths["low"] < worths["worth"]).all()
    assert (worths["worth"] < worths["high"]).all()
    assert chosen[["p_first", "p_tie", "p_second"]].sum(axis=1).to_numpy() == pytest.approx(1)
    page_of_it = (tmp_path / "out" / "index.html").read_text()
    assert "Which are preferred?" in page_of_it
    assert "144 comparisons by 8 assessors" in page_of_it


def test_a_report_of_scales_has_no_tables_of_preference(tmp_path):
    analyse(panel({"a": 30, "b": 60}), tmp_path / "out")
    assert not (tmp_path / "out" / "preferences.csv").exists()
    assert "preferred" not in (tmp_path / "out" / "index.html").read_text()
