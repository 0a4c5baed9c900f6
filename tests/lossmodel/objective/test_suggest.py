"""What to rate next: where the ensemble disagrees, where auditors object, where nothing alike was rated."""

import numpy as np

from lossmodel.objective.report.suggest import suggest
from lossmodel.ratings.table import stimulus_means
from tests.lossmodel.objective.tables import metrics, predictions, rated


def ingredients():
    ratings = rated()
    return predictions(ratings, error=2), metrics(ratings), stimulus_means(ratings)


def at(table, item="song3", condition="system2"):
    return (table["item"] == item) & (table["condition"] == condition)


def test_a_stimulus_on_which_the_ensemble_disagrees_comes_first_and_says_so():
    candidates, values, means = ingredients()
    candidates.loc[at(candidates), "spread"] = 12.0
    values["sdr"] = values["log_mel"] = 0.0  # no auditor
    first = suggest(candidates, values, means)[0]
    assert (first.item, first.condition) == ("song3", "system2")
    assert first.disagreement == 12
    assert "the ensemble disagrees by ±12 points on quality" in first.reasons


def test_a_stimulus_that_auditors_judge_otherwise_comes_first_and_says_who():
    candidates, values, means = ingredients()
    candidates.loc[at(candidates), "predicted"] = 100.0
    candidates["spread"] = 2.0
    first = suggest(candidates, values, means)[0]
    assert (first.item, first.condition) == ("song3", "system2")
    assert first.conflict > 30
    assert any("objective 100, place 1 in its song; auditors" in each and "sdr" in each for each in first.reasons)


def test_a_metric_that_does_not_agree_with_listeners_is_no_auditor():
    found = suggest(*ingredients(), most=60)
    assert not any("sir" in reason for each in found for reason in each.reasons)


def test_what_was_never_rated_and_is_like_nothing_rated_comes_before_what_was():
    candidates, values, means = ingredients()
    new = at(candidates)
    means = means[~at(means)]
    values.loc[at(values), ["sdr", "log_mel", "sir"]] = [30.0, -300.0, 9.0]
    candidates.loc[new, "predicted"] = 30.0
    first = suggest(candidates, values, means)[0]
    assert (first.item, first.condition, first.ratings) == ("song3", "system2", 0)
    assert first.distance > 1.5
    assert any("times the typical distance" in reason for reason in first.reasons)


def test_of_two_alike_that_nobody_rated_only_one_is_far_from_the_list():
    candidates, values, means = ingredients()
    names = ["system2", "system3"]
    chosen = (candidates["item"] == "song3") & candidates["condition"].isin(names)
    means = means[~((means["item"] == "song3") & means["condition"].isin(names))]
    alike = (values["item"] == "song3") & values["condition"].isin(names)
    values.loc[alike, ["sdr", "log_mel", "sir"]] = [30.0, -300.0, 9.0]
    candidates.loc[chosen, "predicted"] = 100.0
    distances = {
        each.condition: each.distance for each in suggest(candidates, values, means, most=60) if each.ratings == 0
    }
    assert sorted(value > 1.5 for value in distances.values()) == [False, True]


def test_what_is_rated_already_is_at_no_distance_and_counts_who_rated_it():
    for each in suggest(*ingredients()):
        assert each.distance == 0
        assert each.ratings == 10


def test_the_list_is_as_long_as_asked_the_same_each_time_and_its_scores_are_shares():
    first, again = suggest(*ingredients(), most=7), suggest(*ingredients(), most=7)
    assert first == again
    assert len(first) == len({(each.item, each.condition) for each in first}) == 7
    assert all(0 <= each.score <= 1 for each in first)


def test_without_any_metric_the_ensemble_alone_decides():
    candidates, values, means = ingredients()
    candidates["spread"] = np.arange(len(candidates), dtype=float)
    found = suggest(candidates, values[["item", "condition"]], means, most=1)[0]
    last = candidates.iloc[-1]
    assert (found.item, found.condition) == (last["item"], last["condition"])
