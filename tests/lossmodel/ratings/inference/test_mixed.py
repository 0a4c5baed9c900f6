"""Mixed models against lme4's published figures and against the closed form of balanced tables."""

import numpy as np
import pytest

from lossmodel.ratings.inference.mixed import Factor, MixedModel

REACTION_MS = """
249.5600 258.7047 250.8006 321.4398 356.8519 414.6901 382.2038 290.1486 430.5853 466.3535
222.7339 205.2658 202.9778 204.7070 207.7161 215.9618 213.6303 217.7272 224.2957 237.3142
199.0539 194.3322 234.3200 232.8416 229.3074 220.4579 235.4208 255.7511 261.0125 247.5153
321.5426 300.4002 283.8565 285.1330 285.7973 297.5855 280.2396 318.2613 305.3495 354.0487
287.6079 285.0000 301.8206 320.1153 316.2773 293.3187 290.0750 334.8177 293.7469 371.5811
234.8606 242.8118 272.9613 309.7688 317.4629 309.9976 454.1619 346.8311 330.3003 253.8644
283.8424 289.5550 276.7693 299.8097 297.1710 338.1665 332.0265 348.8399 333.3600 362.0428
265.4731 276.2012 243.3647 254.6723 279.0244 284.1912 305.5248 331.5229 335.7469 377.2990
241.6083 273.9472 254.4907 270.8021 251.4519 254.6362 245.4523 235.3110 235.7541 237.2466
312.3666 313.8058 291.6112 346.1222 365.7324 391.8385 404.2601 416.6923 455.8643 458.9167
236.1032 230.3167 238.9256 254.9220 250.7103 269.7744 281.5648 308.1020 336.2806 351.6451
256.2968 243.4543 256.2046 255.5271 268.9165 329.7247 379.4445 362.9184 394.4872 389.0527
250.5265 300.0576 269.8939 280.5891 271.8274 304.6336 287.7466 266.5955 321.5418 347.5655
221.6771 298.1939 326.8785 346.8555 348.7402 352.8287 354.4266 360.4326 375.6406 388.5417
271.9235 268.4369 257.2424 277.6566 314.8222 317.2135 298.1353 348.1229 340.2800 366.5131
225.2640 234.5235 238.9008 240.4730 267.5373 344.1937 281.1481 347.5855 365.1630 372.2288
269.8804 272.4428 277.8989 281.7895 279.1705 284.5120 259.2658 304.6306 350.7807 369.4692
269.4117 273.4740 297.5968 310.6316 287.1726 329.6076 334.4818 343.2199 369.1417 364.1236
"""
"""Belenky et al. 2003: 18 people, 10 days of little sleep (lme4's `sleepstudy`)."""


def sleep():
    people, days = np.repeat(np.arange(18), 10), np.tile(np.arange(10.0), 18)
    return np.array(REACTION_MS.split(), dtype=float), np.column_stack([np.ones(180), days]), people, days


def test_a_random_intercept_is_that_of_lme4():
    reaction, fixed, people, _ = sleep()
    model = MixedModel(reaction, fixed, [Factor("person", people)])
    assert model.criterion == pytest.approx(1786.465, abs=1e-3)
    assert model.coefficients == pytest.approx([251.4051, 10.4673], abs=1e-4)
    assert np.sqrt([*model.variances.values()]) == pytest.approx([37.12, 30.99], abs=0.005)
    slope = model.contrast(np.array([0.0, 1.0]))
    assert (slope.se, slope.df) == pytest.approx((0.8042, 161.0), abs=1e-2)


def test_two_crossed_effects_with_a_slope_are_those_of_lme4():
    reaction, fixed, people, days = sleep()
    model = MixedModel(reaction, fixed, [Factor("person", people), Factor("slope", people, days)])
    assert model.criterion == pytest.approx(1743.669, abs=1e-3)
    assert np.sqrt([*model.variances.values()]) == pytest.approx([25.05, 5.99, 25.57], abs=0.01)
    slope = model.contrast(np.array([0.0, 1.0]))
    assert (slope.se, slope.df) == pytest.approx((1.560, 18.16), abs=0.01)


def test_the_order_of_the_factors_and_of_the_rows_does_not_matter():
    rng = np.random.default_rng(3)
    first, second = rng.integers(9, size=80), rng.integers(5, size=80)
    response = 3 * rng.standard_normal(9)[first] + 2 * rng.standard_normal(5)[second] + rng.standard_normal(80)
    fixed = np.ones((80, 1))
    one = MixedModel(response, fixed, [Factor("first", first), Factor("second", second)])
    at = rng.permutation(80)
    other = MixedModel(response[at], fixed[at], [Factor("second", second[at]), Factor("first", first[at])])
    assert other.criterion == pytest.approx(one.criterion, abs=1e-6)
    assert other.variances == pytest.approx(one.variances, rel=1e-3)


def test_without_spread_between_groups_the_variance_is_zero_and_the_rest_least_squares():
    rng = np.random.default_rng(0)
    response = rng.standard_normal(60)
    group = np.repeat(np.arange(6), 10)
    response -= np.array([response[group == at].mean() for at in range(6)])[group]
    model = MixedModel(response, np.ones((60, 1)), [Factor("group", group)])
    assert model.variances["group"] == 0
    found = model.contrast(np.ones(1))
    assert found.se == pytest.approx(response.std(ddof=1) / np.sqrt(60))
    assert found.df == pytest.approx(59, rel=1e-3)
