"""Figures of a large test stay small: not every name and every page is drawn, and the figure says so."""

from xml.etree import ElementTree as ET

import pandas as pd

from lossmodel.ratings import figures, scatter
from lossmodel.ratings.order import drift
from tests.lossmodel.ratings.builders import rating, ratings


def pages(assessors: int, items: int) -> pd.DataFrame:
    """One rating a page, by many assessors."""
    rows = [
        rating(assessor=f"P{person:04d}", session=str(person), item=f"i{item}", trial=item, score=float(person % 90))
        for person in range(assessors)
        for item in range(items)
    ]
    return ratings(*rows)


def texts(path) -> list[str]:
    return ["".join(each.itertext()) for each in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")]


def test_of_very_many_assessors_evenly_chosen_ones_are_named(tmp_path):
    figures.heat(tmp_path / "few.svg", pages(40, 1), "assessor", order=["net"], mark="")
    figures.heat(tmp_path / "many.svg", pages(400, 1), "assessor", order=["net"], mark="")
    few, many = ([each for each in texts(tmp_path / name) if each.startswith("P")] for name in ("few.svg", "many.svg"))
    assert len(few) == 40
    assert many == [f"P{person:04d}" for person in range(0, 400, 3)]


def test_of_very_many_pages_evenly_chosen_ones_are_drawn_and_the_figure_says_how_many(tmp_path):
    for name, rated in (("few", pages(20, 4)), ("many", pages(1000, 5))):
        scatter.order(tmp_path / f"{name}.svg", rated, drift(rated), mark="")
    assert any("points: pages" in each for each in texts(tmp_path / "few.svg"))
    assert any("points: 2500 of 5000 pages" in each for each in texts(tmp_path / "many.svg"))
