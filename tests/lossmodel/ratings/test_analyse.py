"""The folder that `analyse` writes."""

import json
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from lossmodel.ratings.analyse import analyse
from tests.lossmodel.ratings.builders import panel, rating, ratings, referenced


def frame() -> pd.DataFrame:
    rows = panel({"a": 30, "b": 60}, assessors=3, items=3).to_dict("records")
    rows += referenced("P0", [100] * 3) + referenced("P1", [100] * 3) + referenced("P2", [10, 20, 100])
    return ratings(*(row | {"study": "<pilot>"} for row in rows))


def test_the_folder_holds_tables_figures_and_a_page_that_shows_them(tmp_path):
    analyse(frame(), tmp_path / "out")
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"index.html", "screening.json", "screening.csv", "reliability.json", "means.csv"} <= files
    page = (tmp_path / "out" / "index.html").read_text()
    figures = {name for name in files if name.endswith(".svg")}
    assert figures
    assert all(f'src="{name}"' in page for name in figures)
    assert all(ET.parse(tmp_path / "out" / name).getroot().tag.endswith("svg") for name in figures)
    assert "rated the hidden reference below 90 in 2 of 3 items" in page
    assert "&lt;pilot&gt;" in page
    assert "<pilot>" not in page


def test_statistics_are_those_of_the_assessors_who_stay(tmp_path):
    analyse(frame(), tmp_path / "out")
    conditions = pd.read_csv(tmp_path / "out" / "conditions.csv")
    assert set(conditions["assessors"]) == {2}
    (gone,) = json.loads((tmp_path / "out" / "screening.json").read_text())["exclusions"]
    assert gone["assessor"] == "P2"


def test_simulated_ratings_are_called_simulated(tmp_path):
    analyse(frame(), tmp_path / "real")
    analyse(frame().assign(simulated=True), tmp_path / "simulated")
    assert "simulated</b>" not in (tmp_path / "real" / "index.html").read_text()
    assert "are <b>simulated</b>" in (tmp_path / "simulated" / "index.html").read_text()


def test_the_same_ratings_make_the_same_files(tmp_path):
    for name in ("one", "two"):
        analyse(frame(), tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_single_rating_is_analysed_as_far_as_it_goes_and_json_stays_json(tmp_path):
    analyse(ratings(rating()), tmp_path / "out")
    text = (tmp_path / "out" / "reliability.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail)["s, quality"]["icc_single"]["value"] is None


def test_who_stops_the_work_leaves_nothing_half_written(tmp_path):
    def stop(step: int, steps: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyse(frame(), tmp_path / "out", report=stop)
    assert list(tmp_path.iterdir()) == []
