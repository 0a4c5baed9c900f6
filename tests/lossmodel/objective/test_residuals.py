"""What an objective gets wrong is found where it was put: on a song, on a system, with an assessor."""

import numpy as np
import pytest

from lossmodel.objective.report.residuals import residuals
from tests.lossmodel.objective.tables import predictions, rated


def exact(ratings):
    """Return predictions without any error."""
    own = predictions(ratings)
    return own.assign(predicted=own["rated"])


def test_a_song_and_a_system_that_are_judged_too_low_lead_their_lists():
    ratings = rated()
    own = exact(ratings)
    own.loc[own["item"] == "song4", "predicted"] -= 7
    own.loc[own["condition"] == "system1", "predicted"] += 4
    song, system = residuals(own, ratings, "song")[0], residuals(own, ratings, "system")[0]
    assert (song.name, song.n) == ("song4", 5)
    assert song.mean == pytest.approx(7 - 4 / 5)
    assert song.low < song.mean < song.high
    assert (system.name, system.mean) == ("system1", pytest.approx(-4 + 7 / 12))


def test_an_assessor_is_known_by_the_offset_on_the_scale():
    ratings = rated(noise=2)
    ratings.loc[ratings["assessor"] == "p3", "score"] = (ratings["score"] - 25).clip(0, 100)
    found = residuals(exact(ratings), ratings, "assessor")
    assert found[0].name == "p3"
    assert found[0].mean < -10
    assert sum(each.mean for each in found) == pytest.approx(0, abs=1e-6)


def test_a_single_stimulus_has_no_interval():
    ratings = rated()
    own = exact(ratings).iloc[:1]
    alone = residuals(own, ratings, "song")[0]
    assert alone.n == 1
    assert np.isnan(alone.low)
