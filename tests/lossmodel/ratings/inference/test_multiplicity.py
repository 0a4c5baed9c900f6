"""Adjusted p-values are those of an independent implementation."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from lossmodel.ratings.inference.multiplicity import HOCHBERG, HOLM, adjusted


@pytest.mark.parametrize(("method", "name"), [(HOLM, "holm"), (HOCHBERG, "simes-hochberg")])
@pytest.mark.parametrize("size", [1, 2, 7, 190])
def test_adjusted_p_values_are_those_of_statsmodels(method, name, size):
    p = np.round(np.random.default_rng(size).beta(0.3, 1.5, size), 3)
    assert adjusted(p.tolist(), method) == pytest.approx(multipletests(p, method=name)[1])


def test_what_was_not_computed_is_not_counted():
    assert adjusted([0.02, None, 0.04]) == [0.04, None, 0.04]
    assert adjusted([None]) == [None]
    assert adjusted([]) == []
