"""What more ratings would buy: the law is found again where it is known, and said in one sentence."""

import numpy as np
import pandas as pd
import pytest

from lossmodel.errors import BadInput
from lossmodel.objective.report.curve import learning_curve
from lossmodel.ratings.table import stimulus_means
from tests.lossmodel.objective.tables import rated

FLOOR, SONGS, RATERS = 9.0, 160.0, 120.0


def lawful(ratings: pd.DataFrame):
    """Return a fit whose squared error on other songs follows the law with these constants."""
    means = stimulus_means(ratings)
    rng = np.random.default_rng(5)

    def refit(part: pd.DataFrame, items) -> pd.DataFrame:
        spread = np.sqrt(FLOOR + SONGS / part["item"].nunique() + RATERS / part["assessor"].nunique())
        asked = means[means["item"].isin(items)]
        noise = rng.choice([-1, 1], len(asked)) * spread
        return asked[["attribute", "item", "condition"]].assign(predicted=asked["mean"] + noise)

    return refit


def test_the_law_is_found_again():
    ratings = rated(songs=16, people=12)
    found = learning_curve(ratings, lawful(ratings), seed=1)["quality"]
    assert found.law == pytest.approx((FLOOR, SONGS, RATERS), rel=0.01)
    assert (found.songs, found.raters, found.systems) == (16, 12, 5)
    most = max(found.points, key=lambda each: (each.songs, each.raters))
    assert (most.songs, most.raters, most.ratings) == (12, 12, 720)
    assert most.rmse == pytest.approx(np.sqrt(FLOOR + SONGS / 12 + RATERS / 12), rel=0.01)


def test_the_sentence_says_what_the_better_way_to_spend_ratings_would_buy():
    ratings = rated(songs=16, people=12)
    found = learning_curve(ratings, lawful(ratings), seed=1)["quality"]
    songs = 500 / (5 * 12)
    gain = np.sqrt(FLOOR + SONGS / 16 + RATERS / 12) - np.sqrt(FLOOR + SONGS / (16 + songs) + RATERS / 12)
    assert f"Another 500 ratings, spent on about {songs:.0f} new songs" in found.sentence
    assert f"would reduce the RMSE by about {gain:.1f} points [" in found.sentence
    for each in found.purchases:
        assert 0 <= each.gain.low <= each.gain.value <= each.gain.high
        assert "resamplings of the held-out songs" in each.gain.rule


def test_the_same_seed_draws_the_same_songs_and_assessors():
    ratings, asked = rated(songs=8, people=6), []

    def noted(part, items):
        asked.append((sorted(part["item"].unique()), sorted(part["assessor"].unique()), list(items)))
        return lawful(ratings)(part, items)

    learning_curve(ratings, noted, seed=1, draws=2)
    first = list(asked)
    asked.clear()
    learning_curve(ratings, noted, seed=1, draws=2)
    assert asked == first
    asked.clear()
    learning_curve(ratings, noted, seed=2, draws=2)
    assert asked != first


def test_no_fit_has_the_songs_that_judge_it():
    ratings = rated(songs=8, people=6)

    def refit(part, items):
        assert not set(part["item"]) & set(items)
        return lawful(ratings)(part, items)

    assert learning_curve(ratings, refit, seed=1, draws=3)


def test_parts_too_small_to_fit_are_left_out_and_few_songs_have_no_curve():
    ratings = rated(songs=8, people=6)

    def choosy(part, items):
        if part["assessor"].nunique() < 2:
            raise BadInput("one assessor")
        return lawful(ratings)(part, items)

    assert min(each.raters for each in learning_curve(ratings, choosy, seed=1)["quality"].points) > 1
    assert learning_curve(rated(songs=3), lawful(ratings), seed=1) == {}


def test_assessors_are_drawn_from_the_panel_of_each_study():
    first, second = rated(songs=6, people=5), rated(songs=6, people=4, seed=1)
    second = second.assign(study="second", item="other-" + second["item"], assessor="other-" + second["assessor"])
    both, panels = pd.concat([first, second], ignore_index=True), set()

    def noted(part, items):
        panels.add(tuple(sorted(part.groupby("study")["assessor"].nunique().to_dict().items())))
        return lawful(both)(part, items)

    found = learning_curve(both, noted, seed=1, draws=4)["quality"]
    assert (found.songs, found.raters) == (12, 5)
    assert (("second", 4), ("tables", 5)) in panels
    assert (("second", 1), ("tables", 1)) in panels


def test_progress_runs_to_its_end():
    ratings, told = rated(songs=6, people=4), []
    learning_curve(ratings, lawful(ratings), seed=1, draws=2, report=lambda step, steps: told.append((step, steps)))
    assert told[-1][0] == told[-1][1]
    assert told == sorted(told)
