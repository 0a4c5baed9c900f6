"""Test methods say what they must, and name anchors that exist."""

import pytest
from django.utils.text import slugify

from listening.anchors import RECIPES
from listening.presets import BS1534_INTERVALS, PRESETS, preset
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
    assert len(set(method.anchors)) == len(method.anchors) == 2 or key == "peass-4"
    assert "reference" in method.instructions


def test_ward_asks_about_quality_and_interference_with_ends_alone_and_a_hidden_number():
    method = preset("ward-2")
    assert [text.key for text in method.attributes] == ["quality", "interference"]
    assert method.rules.intervals == ()
    assert method.rules.show_number is False
    assert method.rules.start is None


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
    with pytest.raises(BadInput, match=r"'mushrooms'.*ward-2, mushra, similarity, peass-4"):
        preset("mushrooms")
