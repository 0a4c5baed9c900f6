"""Grades: the mean opinion score is on the scale of the grades, and the SOS parameter is that of its definition."""

import json

import numpy as np
import pandas as pd
import pytest

from lossmodel.ratings.analyse import analyse
from lossmodel.ratings.opinion import sos_parameter
from lossmodel.ratings.results import compute
from tests.lossmodel.ratings.builders import panel, rating, ratings


def graded(chances: dict[str, list[float]], *, assessors: int = 12, items: int = 4, method: str = "acr"):
    rng = np.random.default_rng(0)
    rows = [
        rating(assessor=f"P{person}", session=str(person), item=f"i{item}", condition=condition,
               score=25.0 * rng.choice(5, p=own))
        for condition, own in chances.items() for person in range(assessors) for item in range(items)
    ]  # fmt: skip
    return ratings(*rows).assign(method=method)


GRADES = {"good": [0, 0, 0.2, 0.5, 0.3], "bad": [0.4, 0.4, 0.2, 0, 0]}


def test_the_mean_opinion_score_is_the_mean_of_the_grades():
    frame = graded(GRADES)
    found = compute(frame).panels[0].kept
    told = {each.condition: each for each in found.opinion.scores if not each.item}
    for condition, own in frame.groupby("condition")["score"]:
        assert told[condition].mos == pytest.approx((own / 25 + 1).mean())
        assert told[condition].sd == pytest.approx((own / 25 + 1).std())
        assert 1 <= told[condition].low < told[condition].mos < told[condition].high <= 5
    assert len(found.opinion.scores) == 2 + 2 * 4


def test_only_methods_of_grades_have_opinion_scores(tmp_path):
    assert compute(graded(GRADES, method="mushra")).panels[0].kept.opinion is None
    assert compute(panel({"a": 30, "b": 60})).panels[0].kept.opinion is None
    analyse(graded(GRADES, method="dcr"), tmp_path / "out")
    scores = pd.read_csv(tmp_path / "out" / "opinion.csv")
    assert scores.loc[scores["item"].isna(), "condition"].tolist() == ["bad", "good"]
    [found] = json.loads((tmp_path / "out" / "results.json").read_text())["panels"]
    assert 0 < found["everybody"]["opinion"]["sos"]["value"] < 1
    page = (tmp_path / "out" / "index.html").read_text()
    assert "Mean opinion scores (1 to 5)" in page
    assert f"SOS parameter {found['everybody']['opinion']['sos']['value']:.3f}" in page


def test_who_gives_only_the_ends_of_the_scale_is_spread_as_widely_as_can_be():
    # Hossfeld et al. 2011: the variance is then (5 - x)(x - 1), so a = 1; unbiased, n / (n - 1)
    rng = np.random.default_rng(1)
    grades = 1.0 + 4.0 * (rng.random((20, 50)) < rng.random((20, 1)))
    assert sos_parameter(grades).value == pytest.approx(50 / 49)


def test_the_parameter_of_a_known_spread_is_recovered():
    # 4 binomial trials: the variance of the grades is 4 p (1 - p) = (5 - x)(x - 1) / 4
    rng = np.random.default_rng(2)
    found = sos_parameter(1.0 + rng.binomial(4, rng.uniform(0.1, 0.9, (60, 1)), (60, 100)))
    assert found.value == pytest.approx(0.25, abs=0.01)
    assert found.low < 0.25 < found.high


def test_grades_that_allow_no_parameter_say_why(tmp_path):
    assert "too few" in sos_parameter(np.array([[1.0, 2.0]])).rule
    assert "ends of the scale" in sos_parameter(np.full((5, 4), 5.0)).rule
    assert np.isnan(sos_parameter(np.full((5, 4), 1.0)).value)
    [only] = compute(ratings(rating(score=75.0)).assign(method="acr")).panels
    assert only.kept.opinion.scores[0].mos == 4
    assert only.kept.opinion.scores[0].low is None
    analyse(ratings(rating(score=75.0)).assign(method="acr"), tmp_path / "out")
    assert "SOS parameter not computed: a of SOS²" in (tmp_path / "out" / "index.html").read_text()
