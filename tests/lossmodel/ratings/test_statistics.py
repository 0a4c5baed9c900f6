"""Summaries, differences and effects: known cases, and that chance is called chance."""

from itertools import combinations

import numpy as np
import pytest

from lossmodel.errors import BadInput
from lossmodel.ratings import power, statistics
from tests.lossmodel.ratings.builders import panel, rating, ratings


def test_a_summary_counts_ratings_people_and_items():
    frame = panel({"good": 80, "bad": 20}, assessors=6, items=4)
    bad, good = statistics.summaries(frame)
    assert (bad.condition, bad.ratings, bad.assessors, bad.items) == ("bad", 24, 6, 4)
    assert bad.mean_low < bad.mean < bad.mean_high < good.mean_low
    assert bad.median_low <= bad.median <= bad.median_high
    assert bad.q1 <= bad.median <= bad.q3


def test_intervals_come_from_people_so_that_more_items_do_not_make_them_vanish():
    few, many = (statistics.summaries(panel({"net": 50}, items=items, noise=1, offset=12))[0] for items in (2, 40))
    assert many.mean_high - many.mean_low > 0.7 * (few.mean_high - few.mean_low)


def test_bootstrap_intervals_cover_the_truth_about_as_often_as_they_say():
    hits = 0
    for seed in range(60):
        (found,) = statistics.summaries(panel({"net": 50}, assessors=20, noise=8, offset=5, seed=seed), draws=200)
        hits += found.mean_low <= 50 <= found.mean_high
    assert 50 <= hits <= 60


def test_quartiles_are_medians_of_the_halves():
    assert statistics.quartiles(np.array([7.0, 1, 3, 5])) == (2, 6)
    assert statistics.quartiles(np.array([1.0, 2, 3, 4, 5])) == (1.5, 4.5)
    assert statistics.quartiles(np.array([4.0])) == (4, 4)


def test_the_permutation_test_agrees_with_counting_all_deals():
    first, second = np.array([1.0, 2, 3, 9]), np.array([4.0, 5, 6, 7])
    pooled, observed = [*first, *second], abs(np.median(first) - np.median(second))
    deals = [(list(chosen), [each for each in pooled if each not in chosen]) for chosen in combinations(pooled, 4)]
    exact = np.mean([abs(np.median(one) - np.median(other)) >= observed for one, other in deals])
    assert statistics.permutation_test(first, second, draws=20_000) == pytest.approx(exact, abs=0.01)


def test_the_permutation_test_calls_chance_chance():
    rng = np.random.default_rng(1)
    found = [statistics.permutation_test(rng.normal(size=15), rng.normal(size=15), draws=300) for _ in range(200)]
    assert 0.02 <= np.mean(np.array(found) < 0.1) <= 0.18


def test_neighbours_compares_each_system_with_the_next_lower_one_and_corrects_for_the_number():
    first, second = statistics.neighbours(panel({"low": 20, "mid": 50, "alike": 50}, assessors=10), draws=1000)
    assert {first.first, first.second} == {"mid", "alike"}
    assert (second.first, second.second) == (first.second, "low")
    assert second.p == 0 < 0.01 < first.p
    assert first.p_adjusted >= first.p
    assert second.value == pytest.approx(30, abs=5)
    assert "Hochberg over 2" in second.rule


def test_a_full_crossing_gets_a_repeated_measures_anova():
    found = statistics.effects(panel({"a": 30, "b": 60, "c": 61}, items=3))
    assert [each.source for each in found] == ["condition", "item", "condition:item"]
    condition, item, _ = found
    assert condition.p < 1e-6 < 0.01 < item.p
    assert condition.df == (2.0, 14.0)
    assert condition.partial_eta2 > 0.8 > item.partial_eta2


def test_gaps_lead_to_a_mixed_model_that_finds_the_effect_and_no_other():
    frame = panel({"a": 30, "b": 60}, items=4, offset=10)
    (found,) = statistics.effects(frame.drop(index=[0, 9, 17]))
    assert found.rule.endswith("Wald chi-squared")
    assert found.df == (1.0,)
    assert found.p < 1e-6
    (nothing,) = statistics.effects(panel({"a": 50, "b": 50}, items=4, seed=2, offset=10).drop(index=[0]))
    assert nothing.p > 0.01


def test_a_mixed_model_that_does_not_settle_says_so_where_its_result_is_read(recwarn):
    (found,) = statistics.effects(
        panel({"a": 30, "b": 60}, items=4, noise=0.0)
        .drop(index=[0])
        .assign(score=lambda f: f["score"] + 1.0 * (f["item"] == "item1"))
    )
    assert "did not settle" in found.rule
    assert not recwarn.list


def test_one_condition_has_no_effect_to_test():
    assert statistics.effects(ratings(rating())) == []
    assert statistics.neighbours(ratings(rating())) == []


def test_the_panel_that_power_asks_for_is_the_smallest_that_suffices():
    people = power.assessors_for_half_width(6, 15)
    assert power.half_width(people, 15) <= 6 < power.half_width(people - 1, 15)


def test_power_for_a_difference_is_the_textbook_value():
    # Cohen: paired t test, d = .5, power .8, alpha .05: 34 pairs
    assert power.assessors_for_difference(10, 20) == 34
    assert power.assessors_for_difference(10, 20, power=0.95) > 50


def test_impossible_wishes_are_refused():
    with pytest.raises(BadInput, match="above 0"):
        power.assessors_for_half_width(0, 15)
    with pytest.raises(BadInput, match="more than"):
        power.assessors_for_half_width(0.01, 50)


@pytest.mark.data
def test_conditions_matter_in_ward2018_and_the_reference_leads(ward2018):
    quality = [each for each in statistics.summaries(ward2018) if each.attribute == "quality"]
    assert max(quality, key=lambda each: each.mean).condition == "ref"
    assert all(each.p < 1e-9 for each in statistics.effects(ward2018))
