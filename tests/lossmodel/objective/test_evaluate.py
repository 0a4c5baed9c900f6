"""The measures of agreement are what they are called."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr

from lossmodel.objective.fitting.evaluate import measure


def predictions(noise, songs=12, systems=6, shift=0.0):
    draw = np.random.default_rng(5)
    rated = draw.uniform(10, 90, size=songs * systems)
    predicted = rated + noise * draw.standard_normal(rated.size) + shift
    return pd.DataFrame(
        {
            "item": np.repeat([f"song{i}" for i in range(songs)], systems),
            "rated": rated,
            "predicted": predicted,
            "low": predicted - 1.645 * noise,
            "high": predicted + 1.645 * noise,
            "in_calibration": True,
        }
    )


def test_measures_agree_with_scipy():
    table = predictions(noise=15)
    found = measure(table, seed=1)
    within = [spearmanr(group["rated"], group["predicted"])[0] for _, group in table.groupby("item")]
    assert found.pearson.value == pytest.approx(pearsonr(table["rated"], table["predicted"])[0])
    assert found.spearman.value == pytest.approx(spearmanr(table["rated"], table["predicted"])[0])
    assert found.within.value == pytest.approx(np.mean(within))
    assert found.rmse.value == pytest.approx(np.sqrt(((table["rated"] - table["predicted"]) ** 2).mean()))


def test_the_interval_holds_the_value_and_nine_in_ten_ratings_lie_in_theirs():
    found = measure(predictions(noise=15, songs=60), seed=1)
    for estimate in (found.pearson, found.spearman, found.within, found.rmse):
        assert estimate.low < estimate.value < estimate.high
    assert found.coverage == pytest.approx(0.9, abs=0.05)


def test_a_constant_error_costs_rmse_and_no_correlation():
    found = measure(predictions(noise=0, shift=10), seed=1)
    assert found.pearson.value == pytest.approx(1)
    assert found.rmse.value == pytest.approx(10)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("constant", [["song0"], [f"song{i}" for i in range(12)]], ids=["in one song", "in all"])
def test_a_song_in_which_all_is_predicted_alike_has_no_say_in_what_is_told_apart_within_songs(constant):
    table = predictions(noise=15)
    alike = table["item"].isin(constant)
    table.loc[alike, "predicted"] = table.loc[alike, "item"].str.len().astype(float)
    found = measure(table, seed=1)
    others = table[~alike].groupby("item")
    within = [spearmanr(group["rated"], group["predicted"])[0] for _, group in others]
    assert found.within.value == pytest.approx(np.mean(within) if within else np.nan, nan_ok=True)
    assert np.isfinite(found.within.low) == np.isfinite(found.within.high) == bool(within)
    assert np.isfinite(found.rmse.high)
