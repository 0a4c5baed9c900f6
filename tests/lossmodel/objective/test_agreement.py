"""An objective beside every metric: the measures are what they are called, the differences are paired."""

import numpy as np
import pytest
from scipy.stats import pearsonr, rankdata, spearmanr

from lossmodel.objective.fitting.evaluate import measure
from lossmodel.objective.report.agreement import RESAMPLES, compare_with_metrics, estimate, sampled
from tests.lossmodel.objective.tables import metrics, predictions, rated


def test_the_first_of_each_measure_is_what_scipy_says():
    own = predictions(rated(), error=15)
    own["predicted"] = own["predicted"].round(-1)  # ties
    found = sampled(own, seed=1)
    within = [spearmanr(group["rated"], group["predicted"])[0] for _, group in own.groupby("item")]
    assert found["pearson"][0] == pytest.approx(pearsonr(own["rated"], own["predicted"])[0])
    assert found["spearman"][0] == pytest.approx(spearmanr(own["rated"], own["predicted"])[0])
    assert found["within"][0] == pytest.approx(np.mean(within))
    assert found["rmse"][0] == pytest.approx(np.sqrt(((own["rated"] - own["predicted"]) ** 2).mean()))


def test_every_draw_is_the_measure_of_songs_drawn_with_replacement():
    own = predictions(rated(songs=5), error=20)
    found = sampled(own, seed=3)
    songs = sorted(own["item"].unique())
    chosen = np.random.default_rng(3).integers(5, size=(RESAMPLES, 5))[7]
    drawn = [own[own["item"] == songs[song]] for song in chosen]
    x, y = (np.concatenate([each[name] for each in drawn]) for name in ("rated", "predicted"))
    assert found["pearson"][8] == pytest.approx(pearsonr(x, y)[0])
    assert found["spearman"][8] == pytest.approx(pearsonr(rankdata(x), rankdata(y))[0])
    assert found["rmse"][8] == pytest.approx(np.sqrt(np.mean((x - y) ** 2)))


def test_intervals_are_those_that_the_evaluation_prints():
    own = predictions(rated(songs=6), error=15)
    found, said = sampled(own, seed=4), measure(own, seed=4)
    for name in ("pearson", "spearman", "within", "rmse"):
        each, printed = estimate(found[name], len(own)), getattr(said, name)
        assert (each.value, each.low, each.high) == pytest.approx((printed.value, printed.low, printed.high))


def test_metrics_come_the_closest_first_and_one_that_is_always_the_same_says_nothing():
    ratings = rated()
    found = compare_with_metrics(predictions(ratings), metrics(ratings), seed=1)
    assert [each.metric for each in found][-1] == "sir"
    assert {each.metric for each in found} == {"sdr", "log_mel", "sir"}
    assert all((each.stimuli, each.songs) == (60, 12) for each in found)


def test_a_metric_where_lower_is_better_is_turned_round():
    ratings = rated()
    found = {each.metric: each for each in compare_with_metrics(predictions(ratings), metrics(ratings), seed=1)}
    assert found["log_mel"].measures["pearson"].value == pytest.approx(found["sdr"].measures["pearson"].value)
    assert found["log_mel"].measures["pearson"].value > 0.8


def test_a_difference_is_paired_so_that_a_metric_beside_itself_differs_by_nothing():
    ratings = rated()
    own = predictions(ratings)
    values = own[["item", "condition"]].assign(sdr=own["predicted"])
    found = compare_with_metrics(own, values, seed=1)[0].differences["spearman"]
    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert "objective minus metric" in found.rule


def test_a_better_objective_is_clearly_better_and_says_from_how_many():
    ratings = rated()
    noise = next(
        each for each in compare_with_metrics(predictions(ratings), metrics(ratings), seed=1) if each.metric == "sir"
    )
    assert noise.differences["pearson"].low > 0
    assert noise.differences["rmse"].high < 0
    assert noise.differences["rmse"].n == 60


def test_a_metric_known_on_too_few_songs_is_left_out():
    ratings = rated()
    values = metrics(ratings)
    values.loc[~values["item"].isin(["song0", "song1"]), "sdr"] = np.nan
    assert "sdr" not in {each.metric for each in compare_with_metrics(predictions(ratings), values, seed=1)}


def test_what_is_not_defined_has_no_interval():
    own = predictions(rated()).assign(predicted=50.0)
    found = estimate(sampled(own, seed=1)["pearson"], len(own))
    assert np.isnan(found.value)
    assert found.rule == "not defined on these stimuli"
