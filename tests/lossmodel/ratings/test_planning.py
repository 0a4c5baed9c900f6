"""A plan: simulated tests agree with closed forms, components are recovered, and the smallest panel is the smallest."""

import sys
from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest

from lossmodel.__main__ import main
from lossmodel.errors import BadInput
from lossmodel.ratings import forecast, planning, table
from lossmodel.ratings.components import PUBLISHED, Components, components
from lossmodel.ratings.inference.cube import cube
from lossmodel.ratings.planning import Question
from tests.lossmodel.ratings.builders import panel, rating, ratings

TRUTH = Components(10.0, 8.0, 5.0, 6.0, 4.0, 9.0)


def drawn(parts: Components, *, assessors: int, items: int, systems: int, seed: int = 0) -> pd.DataFrame:
    """Ratings with half the standard deviations of `parts`, so that nearly all are on the scale."""
    rng = np.random.default_rng(seed)
    scores = 50 + planning._drawn(rng, assessors, items, Question(systems, 3), parts) / 2
    rows = [
        rating(assessor=f"P{a}", session=f"P{a}", item=f"i{i}", condition=f"c{c}", score=float(np.clip(score, 0, 100)))
        for (a, i, c), score in np.ndenumerate(scores)
    ]
    return ratings(*rows)


@pytest.mark.parametrize(("assessors", "items", "difference"), [(12, 10, 8.0), (24, 20, 5.0), (32, 8, 6.0)])
def test_the_simulated_power_of_two_systems_is_that_of_the_forecast(assessors, items, difference):
    expected = forecast.power_for_other_items(forecast.Panel(assessors, items, items), PUBLISHED, difference)
    found = planning.simulated_precision(assessors, items, Question(2, difference), PUBLISHED, draws=1000)
    assert found.power == pytest.approx(expected, abs=0.05)


def test_without_a_difference_that_matters_few_are_found():
    assert planning.simulated_precision(16, 10, Question(3, 0.001), PUBLISHED, draws=400).power <= 0.04


def test_more_systems_make_a_difference_harder_to_find():
    two, six = (planning.simulated_precision(16, 10, Question(systems, 7), PUBLISHED, draws=300) for systems in (2, 6))
    assert six.power < two.power - 0.05
    assert six.half_width == pytest.approx(two.half_width, rel=0.05)


def test_the_components_of_a_test_are_recovered_also_with_gaps():
    frame = drawn(TRUTH, assessors=60, items=40, systems=4)
    gaps = frame[np.random.default_rng(1).random(len(frame)) > 0.2].reset_index(drop=True)
    for rated in (frame, gaps):
        found = components(cube(rated).scores)
        assert np.array(astuple(found)[:6]) == pytest.approx(np.array(astuple(TRUTH)[:6]) / 2, rel=0.2)
        assert found.residual == pytest.approx(4.5, rel=0.05)


def test_the_smallest_panel_reaches_the_power_and_one_less_does_not():
    question = Question(2, 8)
    best = planning.smallest_panel(20, question, PUBLISHED, draws=300)
    smaller = planning.simulated_precision(best.assessors - 1, 20, question, PUBLISHED, draws=300)
    assert best.power >= 0.8 > smaller.power
    assert best == planning.smallest_panel(20, question, PUBLISHED, draws=300)
    assert planning.smallest_panel(3, Question(2, 3), PUBLISHED, draws=20) is None


def test_what_cannot_be_planned_is_refused():
    with pytest.raises(BadInput, match="two systems"):
        Question(1, 5)
    with pytest.raises(BadInput, match="0 points"):
        Question(2, 0)
    with pytest.raises(BadInput, match="1 assessors"):
        planning.simulated_precision(1, 5, Question(2, 5), PUBLISHED)
    with pytest.raises(BadInput, match="two systems, rated"):
        components(cube(panel({"a": 50})).scores)


def test_the_command_prints_the_grid_and_the_smallest_panels(tmp_path, monkeypatch, capsys):
    people = drawn(TRUTH, assessors=8, items=6, systems=3)
    frame = pd.concat([people, people.assign(attribute="noise", simulated=True)])
    table.write(tmp_path / "ratings.csv", frame)
    command = ["lossmodel", "plan", "--ratings", str(tmp_path / "ratings.csv"), "--draws", "20", "--systems", "2"]
    command += ["--assessors", "4", "8", "--items", "6", "12", "--output", str(tmp_path / "plan.csv")]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "s, noise (simulated); s, quality" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", [*command, "--attribute", "noise"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    said = capsys.readouterr().out
    assert "ratings.csv: s, noise (simulated)" in said
    assert "12 items: " in said
    rows = pd.read_csv(tmp_path / "plan.csv")
    assert rows[["items", "assessors"]].to_numpy().tolist() == [[6, 4], [6, 8], [12, 4], [12, 8]]
    assert rows["power"].between(0, 1).all()
