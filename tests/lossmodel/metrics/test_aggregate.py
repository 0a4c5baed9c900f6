"""Windows of many tracks, made into one figure in four ways."""

import doctest
import math

import pytest
import torch

from lossmodel.metrics import aggregate as module
from lossmodel.metrics.aggregate import AGGREGATIONS, Missing, aggregate, missing, track_median

QUIET = float("nan")


def test_the_four_ways_differ_on_tracks_with_hard_windows():
    tracks = [torch.tensor([5.0, 6.0, -30.0, QUIET]), torch.tensor([2.0, 3.0, 4.0, 5.0, 6.0])]
    found = {how: aggregate(tracks, how) for how in AGGREGATIONS}
    assert found == pytest.approx(
        {
            "median_of_windows": 4.5,
            "mean_of_windows": 1 / 8,
            "median_of_track_medians": 4.5,
            "mean_of_track_medians": 4.5,
        }
    )
    skewed = [*tracks, torch.tensor([-10.0])]
    assert aggregate(skewed, "median_of_track_medians") == 4.0
    assert aggregate(skewed, "mean_of_track_medians") == pytest.approx(-1 / 3)
    assert aggregate(skewed, "median_of_windows") == 4.0


def test_silent_windows_and_silent_tracks_do_not_count():
    silent = torch.full((3,), QUIET)
    for how in AGGREGATIONS:
        assert aggregate([torch.tensor([1.0, QUIET]), silent], how) == 1.0
        assert math.isnan(aggregate([silent], how))
        assert math.isnan(aggregate([], how))


def test_what_does_not_count_is_counted():
    silent, half = torch.full((3,), QUIET), torch.tensor([1.0, QUIET])
    assert missing([silent, half, torch.ones(2)]) == Missing(windows=4, tracks=1)
    assert missing([torch.ones(2)]) == Missing(windows=0, tracks=0)


def test_a_track_is_the_median_of_its_windows_with_sound():
    windows = torch.tensor([[1.0, QUIET, 4.0], [QUIET, QUIET, QUIET]])
    assert track_median(windows)[0] == 2.5
    assert track_median(windows)[1].isnan()


def test_the_documented_example_is_right():
    assert doctest.testmod(module).failed == 0
