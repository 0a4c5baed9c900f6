"""Ratings beside predictions: which are compared, how well they agree, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr

from lossmodel.errors import BadInput
from lossmodel.ratings import predicted
from lossmodel.ratings.predicted import Predictions, agreement
from tests.lossmodel.ratings.builders import panel, ratings, referenced

TRUTH = {"a": 20, "b": 50, "c": 80}


def told(frame: pd.DataFrame, noise: float = 0.0) -> Predictions:
    means = frame.groupby(["item", "condition"])["score"].mean().reset_index(name="quality")
    means["quality"] += np.random.default_rng(0).normal(0, noise, len(means))
    return Predictions(means.assign(quality_low=means["quality"] - 5, quality_high=means["quality"] + 5), "net")


def test_the_correlation_is_that_of_the_stimuli_and_its_interval_holds_it():
    frame = panel(TRUTH)
    predictions = told(frame, noise=15)
    found = agreement(frame, predictions, "quality")
    rated = frame.groupby(["item", "condition"])["score"].mean().to_numpy()
    assert found.r.value == pytest.approx(pearsonr(rated, predictions.values["quality"]).statistic)
    assert found.r.low < found.r.value < found.r.high
    assert found.rmse == pytest.approx(np.sqrt(((rated - predictions.values["quality"]) ** 2).mean()))
    assert len(found.points) == 15
    assert found.points[0].high - found.points[0].low == pytest.approx(10)


def test_only_systems_that_were_predicted_are_compared():
    frame = ratings(*panel(TRUTH).to_dict("records"), *referenced("P0", [100] * 5))
    predictions = told(frame)
    fewer = Predictions(predictions.values[predictions.values["item"] != "item0"], "net")
    assert {each.condition for each in agreement(frame, fewer, "quality").points} == set(TRUTH)
    assert {each.item for each in agreement(frame, fewer, "quality").points} == {f"item{at}" for at in range(1, 5)}
    assert agreement(frame, predictions, "interference") is None


def test_a_prediction_that_is_no_number_is_named():
    frame = panel(TRUTH)
    spoiled = told(frame).values.astype({"quality": object})
    spoiled.loc[0, "quality"] = "good"
    with pytest.raises(BadInput, match="net: item0, a, quality: could not convert string to float: 'good'"):
        agreement(frame, Predictions(spoiled, "net"), "quality")


def test_of_one_item_there_is_no_interval_and_says_so():
    frame = panel(TRUTH, items=1)
    found = agreement(frame, told(frame), "quality")
    assert found.r.value == pytest.approx(1)
    assert np.isnan(found.r.low)
    assert "one item" in found.r.rule


def test_a_file_is_read_as_score_writes_it_and_otherwise_refused(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("item,condition,estimate,quality,quality_low,quality_high\n01,a,x.wav,40,30,50\n")
    assert predicted.read(path).values.loc[0, "item"] == "01"
    path.write_text("item,condition,quality\n1,a,40\n1,a,41\n")
    with pytest.raises(BadInput, match="is there twice"):
        predicted.read(path)
    path.write_text("song,quality\n1,40\n")
    with pytest.raises(BadInput, match="no column 'item'"):
        predicted.read(path)
    with pytest.raises(BadInput, match="no such file"):
        predicted.read(tmp_path / "none.csv")
