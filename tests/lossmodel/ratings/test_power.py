"""How many assessors a question needs: textbook values, and wishes that cannot be granted."""

import pytest

from lossmodel.errors import BadInput
from lossmodel.ratings import power


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
