"""Post-screening of BS.1534-3: who goes, who stays, and what is said about it."""

import pytest

from lossmodel.ratings.screening import screen, with_and_without
from lossmodel.ratings.thresholds import Rules
from tests.lossmodel.ratings.builders import anchored, rating, ratings, referenced


def test_an_assessor_who_misses_the_reference_in_more_than_15_percent_of_the_items_is_dropped_and_only_he():
    frame = ratings(
        *referenced("A", [100] * 10), *referenced("B", [60] + [95] * 9), *referenced("C", [60, 70, 80] + [95] * 7)
    )
    (gone,) = screen(frame).exclusions
    assert (gone.assessor, gone.rule, gone.missed, gone.of) == ("C", "reference", 3, 10)
    assert gone.reason == "rated the hidden reference below 90 in 3 of 10 items (30%, more than 15%)"
    assert set(screen(frame).keep(frame)["assessor"]) == {"A", "B"}


def test_exactly_15_percent_and_a_score_of_exactly_90_are_allowed():
    frame = ratings(*referenced("A", [80] * 3 + [90] * 17), *referenced("B", [89.9] * 4 + [90] * 16))
    assert [each.assessor for each in screen(frame).exclusions] == ["B"]


def test_who_goes_for_one_attribute_stays_for_the_other():
    bad, good = referenced("A", [10, 20, 30]), referenced("A", [100, 100, 100])
    frame = ratings(*bad, *(row | {"attribute": "interference"} for row in good))
    found = screen(frame)
    assert [each.attribute for each in found.exclusions] == ["quality"]
    assert set(found.keep(frame)["attribute"]) == {"interference"}


def test_equal_names_in_two_studies_are_two_people():
    frame = ratings(*referenced("A", [10, 20]), *(row | {"study": "t"} for row in referenced("A", [100, 100])))
    assert set(screen(frame).keep(frame)["study"]) == {"t"}


def test_rule_2_drops_who_takes_the_mid_anchor_for_the_reference():
    rows = [row for name in "ABCDE" for row in referenced(name, [100] * 5) + anchored(name, [50] * 5)]
    rows += referenced("F", [100] * 5) + anchored("F", [95, 50, 50, 50, 50])
    (gone,) = screen(ratings(*rows), Rules(mid_anchor="mid")).exclusions
    assert (gone.assessor, gone.rule, gone.missed, gone.of) == ("F", "mid-anchor", 1, 5)


def test_an_item_that_fools_more_than_a_quarter_of_the_assessors_excludes_nobody():
    fooled = [row for name in "AB" for row in anchored(name, [95, 50, 50, 50, 50])]
    others = [row for name in "CDE" for row in anchored(name, [50] * 5)]
    found = screen(ratings(*fooled, *others), Rules(mid_anchor="mid"))
    assert found.exclusions == ()
    assert any("item0" in note for note in found.notes)
    assert {each.of for each in found.tallies if each.rule == "mid-anchor"} == {4}


def test_exactly_a_quarter_is_not_more_than_a_quarter():
    fooled = anchored("A", [95, 50, 50, 50, 50])
    others = [row for name in "BCD" for row in anchored(name, [50] * 5)]
    assert [each.assessor for each in screen(ratings(*fooled, *others), Rules(mid_anchor="mid")).exclusions] == ["A"]


def test_a_rule_without_its_condition_is_not_applied_and_says_so():
    found = screen(ratings(rating()))
    assert found.exclusions == ()
    assert [note.split(": ")[-1] for note in found.notes] == ["rule 1 not applied", "rule 2 not applied"]


def test_thresholds_can_be_changed():
    frame = ratings(*referenced("A", [85] * 10))
    assert screen(frame).exclusions
    assert not screen(frame, Rules(reference_below=80)).exclusions
    assert not screen(frame, Rules(share=1.0)).exclusions


def test_with_and_without_shows_what_the_screening_changes():
    rows = [*referenced("A", [100, 100]), *referenced("B", [10, 10])]
    rows += [rating(assessor=name, session=name, item="item0", score=score) for name, score in (("A", 40), ("B", 80))]
    frame = ratings(*rows)
    both = with_and_without(frame, screen(frame)).set_index(["item", "condition"])
    assert both.loc[("item0", "net"), ["mean_all", "mean_kept", "change"]].tolist() == [60, 40, -20]


@pytest.mark.data
def test_the_standard_excludes_nobody_of_ward2018(ward2018):
    assert screen(ward2018).exclusions == ()
    # each of these would have been dropped by "at least one missed reference"
    assert sum(each.missed > 0 for each in screen(ward2018).tallies) == 3
