"""The folder that `analyse` writes."""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from pypdfium2 import PdfDocument

from lossmodel.cells import defused
from lossmodel.errors import BadInput
from lossmodel.files import sha256
from lossmodel.ratings import table
from lossmodel.ratings.analyse import analyse
from tests.lossmodel.ratings.builders import panel, rating, ratings, referenced


def frame() -> pd.DataFrame:
    rows = panel({"a": 30, "b": 60}, assessors=3, items=3).to_dict("records")
    rows += referenced("P0", [100] * 3) + referenced("P1", [100] * 3) + referenced("P2", [10, 20, 100])
    return ratings(*(row | {"study": "<pilot>"} for row in rows))


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """The folder of one analysis."""
    folder = tmp_path_factory.mktemp("analysis")
    table.write(folder / "ratings.csv", frame())
    analyse(frame(), folder / "out", sources=[folder / "ratings.csv"], command="python -m lossmodel analyse", seed=3)
    return folder / "out"


def test_the_folder_holds_tables_figures_and_a_page_that_is_whole_in_itself(report):
    files = {path.name for path in report.iterdir()}
    assert {"index.html", "report.pdf", "results.json", "conditions.csv", "items.csv", "assessors.csv", "order.csv",
            "differences.csv", "effects.csv", "exclusions.csv", "reliability.csv", "expertise.csv", "outliers.csv",
            "with_and_without.csv"} <= files  # fmt: skip
    page = (report / "index.html").read_text()
    figures = {name for name in files if name.endswith(".svg")}
    assert all(name in page and name.replace(".svg", ".pdf") in files for name in figures)
    assert page.count("data:image/svg+xml") == len(figures) >= 5
    assert 'src="http' not in page
    assert all(ET.parse(report / name).getroot().tag.endswith("svg") for name in figures)
    assert "rated the hidden reference below 90 in 2 of 3 items" in page
    assert "&lt;pilot&gt;" in page
    assert "<pilot>" not in page


def text_of(path: Path) -> str:
    """The words of a PDF, each line break a space."""
    with PdfDocument(path) as pdf:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())


def test_the_report_is_a_pdf_too_with_the_same_numbers_and_its_text_as_text(report):
    text = text_of(report / "report.pdf")
    found = json.loads((report / "results.json").read_text())
    mean = found["panels"][0]["kept"]["summaries"][0]["mean"]
    for words in (f"{mean:.4g}", "rated the hidden reference below 90 in 2 of 3 items", "<pilot>, quality",
                  "Which test answers which question", "Methods", "seed 3", "python -m lossmodel analyse",
                  "rating (0–100 points)", *found["made"]["versions"].values()):  # fmt: skip
        assert words in text, words
    assert found["made"]["sources"]["ratings.csv"] in text.replace(" ", "")


def test_names_of_any_script_are_readable_in_the_pdf_and_none_is_a_command(tmp_path):
    analyse(frame().replace({"condition": {"a": "#panic() $x$ 歌声"}}), tmp_path / "out")
    text = text_of(tmp_path / "out" / "report.pdf")
    assert "#panic() $x$ 歌声" in text
    assert b"NotoSansCJK" in (tmp_path / "out" / "report.pdf").read_bytes()


def test_before_and_after_screening_stand_in_every_table_of_assessors(report):
    conditions = pd.read_csv(report / "conditions.csv")
    assert conditions.groupby("screening")["assessors"].unique().map(list).to_dict() == {"everybody": [3], "kept": [2]}
    (gone,) = json.loads((report / "results.json").read_text())["screening"]["exclusions"]
    assert gone["assessor"] == "P2"


def test_the_report_says_with_what_and_from_which_file_it_was_made(report):
    made = json.loads((report / "results.json").read_text())["made"]
    assert made["sources"] == {"ratings.csv": sha256(report.parent / "ratings.csv")}
    page = (report / "index.html").read_text()
    for word in (*made["sources"].values(), "seed 3", "python -m lossmodel analyse", made["versions"]["numpy"]):
        assert word in page


def test_names_of_any_kind_are_drawn_as_they_are(tmp_path):
    analyse(frame().replace({"condition": {"a": "$x_1 歌声"}}), tmp_path / "out")
    drawn = [path.read_text() for path in (tmp_path / "out").glob("*conditions.svg")]
    assert all("$x_1 歌声" in text for text in drawn)


def test_simulated_ratings_are_called_simulated_in_page_tables_and_figures(report, tmp_path):
    analyse(frame().assign(simulated=True), tmp_path / "simulated")
    assert "imulated" not in (report / "index.html").read_text()
    assert "are simulated" in (tmp_path / "simulated" / "index.html").read_text()
    assert pd.read_csv(tmp_path / "simulated" / "conditions.csv")["simulated"].all()
    figures = [path for path in (tmp_path / "simulated").glob("*.svg") if path.name != "screening.svg"]
    assert figures
    assert all("SIMULATED LISTENERS" in path.read_text() for path in figures)


def test_the_same_ratings_make_the_same_files(report, tmp_path):
    source = report.parent / "ratings.csv"
    analyse(frame(), tmp_path / "two", sources=[source], command="python -m lossmodel analyse", seed=3)
    for path in report.iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_single_rating_is_analysed_as_far_as_it_goes_and_json_stays_json(tmp_path):
    analyse(ratings(rating()), tmp_path / "out")
    text = (tmp_path / "out" / "results.json").read_text()
    (panel,) = json.loads(text, parse_constant=pytest.fail)["panels"]
    assert panel["everybody"]["agreement"]["icc_single"]["value"] is None


def test_who_stops_the_work_leaves_nothing_half_written(tmp_path):
    def stop(step: int, steps: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyse(frame(), tmp_path / "out", report=stop)
    assert list(tmp_path.iterdir()) == []


def test_no_table_of_the_folder_starts_a_formula_in_a_spreadsheet(tmp_path):
    named = frame().replace({"condition": {"a": "=HYPERLINK(1)"}, "assessor": {"P2": "@P2"}})
    analyse(named.assign(item="=cmd " + named["item"], attribute="+quality"), tmp_path / "out")
    tables = {path.name: path.read_text() for path in (tmp_path / "out").glob("*.csv")}
    cells = [cell for text in tables.values() for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if defused(cell) != cell and not cell.startswith("'")]
    assert {"'=HYPERLINK(1)", "'@P2", "'+quality"} <= set(cells)
    assert "'=cmd" in tables["items.csv"]


def test_ratings_that_are_written_are_read_as_they_were(tmp_path):
    named = table.check(frame().assign(item="=cmd " + frame()["item"]))
    table.write(tmp_path / "ratings.csv", named)
    assert "'=cmd" in (tmp_path / "ratings.csv").read_text()
    pd.testing.assert_frame_equal(table.read(tmp_path / "ratings.csv"), named)


def test_several_studies_are_compared_in_a_section_and_tables_of_their_own(tmp_path):
    second = frame().assign(study="second", assessor="b" + frame()["assessor"])
    for name, own in (("one", frame()), ("two", second)):
        table.write(tmp_path / f"{name}.csv", own)
    analyse(table.read_all([tmp_path / "one.csv", tmp_path / "two.csv"]), tmp_path / "out")
    changes = pd.read_csv(tmp_path / "out" / "across_changes.csv")
    assert changes["condition"].tolist() == ["a", "b"]
    assert changes["value"].abs().max() < 1e-6
    assert "The same conditions in several studies" in (tmp_path / "out" / "index.html").read_text()
    with pytest.raises(BadInput, match="twice"):
        table.read_all([tmp_path / "one.csv", tmp_path / "one.csv"])


def test_with_a_margin_each_pair_is_tested_against_it(tmp_path):
    near = panel({"a": 50, "b": 51, "c": 70}, assessors=12, items=12)
    analyse(near, tmp_path / "out", margin=6)
    rows = pd.read_csv(tmp_path / "out" / "differences.csv").set_index(["first", "second"])
    assert (rows["margin"] == 6).all()
    assert rows.loc[("b", "a"), "p_not_equivalent"] < 0.05 < rows.loc[("c", "b"), "p_not_equivalent"]
    assert rows.loc[("c", "a"), "p_first_worse"] < 0.001 < 0.999 < rows.loc[("c", "a"), "p_second_worse"]
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert found["margin"] == 6
    assert found["panels"][0]["everybody"]["differences"][0]["p_first_worse"] < 0.001
    assert "p (lower is worse by 6)" in (tmp_path / "out" / "index.html").read_text()


def test_without_a_margin_none_is_made_up(report):
    assert "margin" not in pd.read_csv(report / "differences.csv")
    assert "p (lower" not in (report / "index.html").read_text()


@pytest.mark.parametrize("margin", [0.0, -3.0, 101.0, float("nan")])
def test_a_margin_off_the_scale_is_refused(tmp_path, margin):
    with pytest.raises(BadInput, match="choose points above 0 and up to 100"):
        analyse(frame(), tmp_path / "out", margin=margin)
    assert not (tmp_path / "out").exists()


def test_with_a_baseline_every_other_system_is_set_against_it_with_the_numbers_of_its_pair(tmp_path):
    rated = panel({"a": 50, "b": 60, "c": 70}, assessors=4, items=3).assign(simulated=True)
    analyse(rated, tmp_path / "out", baseline="b", margin=6)
    pairs = pd.read_csv(tmp_path / "out" / "differences.csv").set_index(["first", "second"])
    own = pd.read_csv(tmp_path / "out" / "baseline.csv").set_index("system")
    assert own.index.tolist() == ["c", "a"]
    assert (own["baseline"] == "b").all()
    straight, turned = pairs.loc[("c", "b")], pairs.loc[("b", "a")]
    for name in ("value", "low", "high", "p_holm", "effect_size", "ordinal_value"):
        assert own.loc["c", name] == straight[name]
    for name in ("value", "effect_size", "ordinal_value"):
        assert own.loc["a", name] == -turned[name]
    assert (own.loc["a", "low"], own.loc["a", "high"]) == (-turned["high"], -turned["low"])
    assert own.loc["a", "p_system_worse"] == pytest.approx(turned["p_second_worse"])
    assert own.loc["a", ["p_holm", "p_not_equivalent"]].tolist() == pytest.approx(
        turned[["p_holm", "p_not_equivalent"]]
    )
    figure = (tmp_path / "out" / "1-s-quality-simulated-baseline.svg").read_text()
    assert "system minus b (points)" in figure
    assert "SIMULATED LISTENERS" in figure
    assert (tmp_path / "out" / "1-s-quality-simulated-baseline.pdf").is_file()
    assert "1-s-quality-simulated-baseline.svg" in (tmp_path / "out" / "index.html").read_text()
    assert json.loads((tmp_path / "out" / "results.json").read_text())["baseline"] == "b"


def test_without_a_baseline_there_is_no_figure_or_table_of_one(report):
    assert not [path.name for path in report.iterdir() if "baseline" in path.name]


@pytest.mark.parametrize("baseline", ["net", "ref", ""])
def test_a_baseline_that_is_no_system_is_refused_with_those_there_are(tmp_path, baseline):
    with pytest.raises(BadInput, match=f"^baseline {baseline}: no system is called so; choose one of a, b$"):
        analyse(frame(), tmp_path / "out", baseline=baseline)
    assert not (tmp_path / "out").exists()
