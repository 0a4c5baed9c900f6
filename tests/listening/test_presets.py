"""Test methods say what they must, and name anchors that exist."""

import pytest
from django.utils.text import slugify

from listening.anchors import RECIPES
from listening.presets import BS1534_INTERVALS, PRESETS, Form, Rules, Start, changed, preset
from lossmodel.errors import BadInput


@pytest.mark.parametrize("key", PRESETS)
def test_every_attribute_has_a_question_a_definition_and_two_ends(key):
    for text in preset(key).attributes:
        assert text.key == slugify(text.key)
        assert text.question.endswith("?")
        assert len(text.question) <= 300
        assert len(text.definition) > 40
        assert text.low
        assert text.high
        assert text.low != text.high


@pytest.mark.parametrize("key", PRESETS)
def test_every_anchor_has_a_recipe_and_every_assessor_instructions(key):
    method = preset(key)
    assert method.key == key
    assert set(method.anchors) <= set(RECIPES)
    assert len(set(method.anchors)) == len(method.anchors) > 0
    assert ("reference" in method.instructions) is method.rules.open_reference


def test_ward_asks_about_quality_and_interference_with_ends_alone_and_a_hidden_number():
    method = preset("ward-2")
    assert [text.key for text in method.attributes] == ["quality", "interference"]
    assert method.rules.intervals == ()
    assert method.rules.show_number is False
    assert method.rules.start == Start.RANDOM


def test_mushra_has_the_five_intervals_the_number_the_two_anchors_and_asks_for_one_hundred():
    method = preset("mushra")
    assert method.rules.intervals == BS1534_INTERVALS == ("Bad", "Poor", "Fair", "Good", "Excellent")
    assert method.rules.one_full
    assert method.rules.show_number
    assert method.anchors == ("lowpass-3500", "lowpass-7000")


def test_peass_asks_four_questions_and_offers_the_mixture():
    assert len(preset("peass-4").attributes) == 4
    assert preset("peass-4").rules.open_mixture


def test_an_unknown_preset_is_answered_with_the_known_ones():
    with pytest.raises(BadInput, match=r"'mushrooms'.*ward-2, peass-4, .*, mushra, .*, ccr"):
        preset("mushrooms")


def test_caqe_asks_the_four_questions_of_peass_and_one_about_distortion():
    peass, caqe = preset("peass-4").attributes, preset("caqe-5").attributes
    assert caqe[:4] == peass
    assert len({text.key for text in caqe}) == 5


def test_where_no_reference_is_mentioned_none_is_offered_and_none_must_be_found():
    rules = preset("mushra-nmr").rules
    assert not rules.open_reference
    assert not rules.one_full
    assert rules.start == Start.NONE


@pytest.mark.parametrize("key", ["dcr", "acr"])
def test_the_five_grades_are_stored_as_equal_steps_from_0_to_100(key):
    assert [score for _label, score in preset(key).rules.options] == [0, 25, 50, 75, 100]


def test_the_grades_of_p808_run_from_inaudible_to_very_annoying_and_from_excellent_to_bad():
    assert preset("dcr").rules.options[-1] == ("Inaudible", 100)
    assert preset("dcr").rules.options[0] == ("Very annoying", 0)
    assert preset("acr").rules.options[-1] == ("Excellent", 100)


@pytest.mark.parametrize("key", ["ab", "ab-reference", "ccr"])
def test_a_pair_has_a_middle_that_a_study_may_leave_out_and_is_fair_to_both_sides(key):
    rules = preset(key).rules
    scores = [score for _label, score in rules.options]
    assert 50 in scores
    assert scores == pytest.approx([100 - score for score in reversed(scores)], abs=0.002)
    assert [s for _label, s in changed(rules, {"ties": False}).options] == [s for s in scores if s != 50]


def test_any_score_is_brought_to_one_that_may_be_given():
    assert preset("dcr").rules.nearest(61.0) == 50
    assert preset("dcr").rules.nearest(64.0) == 75
    assert preset("ward-2").rules.nearest(61.3) == 61.3


@pytest.mark.parametrize("start", [0, 37.5, 100, "random", "none"])
def test_a_study_may_change_where_sliders_start(start):
    assert changed(Rules(), {"start": start}).start == start


@pytest.mark.parametrize(
    "change", [{"form": "pair"}, {"start": 101}, {"start": True}, {"all_heard": 1}, {"gold": True}]
)
def test_what_may_not_be_changed_is_refused_by_name(change):
    with pytest.raises(BadInput, match=next(iter(change))):
        changed(preset("mushra").rules, change)


def test_only_lists_of_grades_and_pairs_have_choices():
    for method in PRESETS.values():
        assert bool(method.rules.choices) is (method.rules.form != Form.SCALE)
