"""Measured values held against ratings: the correlations, the page, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from lossmodel.cells import write_csv
from lossmodel.errors import BadInput
from lossmodel.objective import compare
from lossmodel.ratings import table

SONGS, SYSTEMS = ("a", "b", "c", "d"), ("one", "two", "three")


def rated(study: str = "pilot") -> pd.DataFrame:
    """Two assessors who agree: systems from 20 to 60 on every song, songs 3 points apart, and a hidden reference."""
    rows = [
        (study, who, song, system, role, 20.0 * rank + 3 * at + shift)
        for who, shift in (("x", 0.0), ("y", 2.0))
        for at, song in enumerate(SONGS)
        for rank, (system, role) in enumerate([*((name, "system") for name in SYSTEMS), ("ref", "reference")], start=1)
    ]
    frame = pd.DataFrame(rows, columns=["study", "assessor", "item", "condition", "role", "score"])
    fixed = {"session": "1", "attribute": "quality", "replicate": 0, "trial": 0, "position": 0, "seconds": 1.0}
    return table.check(frame.assign(**fixed, simulated=False))


def values() -> pd.DataFrame:
    """A metric that is the rating, one that is its opposite, one that is always the same, one for a song alone."""
    rows = [
        {"item": song, "condition": system, "good": 20.0 * rank + 3 * at, "bad": -20.0 * rank, "flat": 1.0,
         "rare": float(rank) if song == "a" else np.nan, "role": "system", "estimate": "x.wav"}
        for at, song in enumerate(SONGS) for rank, system in enumerate(SYSTEMS, start=1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_metric_that_orders_as_people_do_has_one_and_its_opposite_minus_one():
    found = compare.compare(rated(), values()).set_index("metric")
    assert list(found.index) == ["good", "bad"]
    assert (found["stimuli"] == 12).all()
    assert (found["songs"] == 4).all()
    assert found.loc["good", "pearson"].value == pytest.approx(1)
    assert found.loc["good", "within"].low == pytest.approx(1)
    assert found.loc["bad", "within"].value == pytest.approx(-1)
    assert -1 < found.loc["bad", "pearson"].value < -0.9
    assert found.loc["bad", "pearson"].low <= found.loc["bad", "pearson"].value <= found.loc["bad", "pearson"].high


def test_a_page_has_a_table_for_each_study_and_attribute_and_says_what_wrote_it():
    both = compare.together([rated(), rated("second")])
    page = compare.page(compare.compare(both, values()), command="the command")
    assert "Written by `the command`" in page
    assert page.count("## pilot: quality\n\n12 stimuli, 4 songs.") == 1
    assert page.count("## second: quality") == 1
    assert page.count("| `good` | 1 [1, 1] | 1 [1, 1] | 1 [1, 1] |") == 2


def test_a_page_names_the_metrics_that_lack_values_for_some_stimuli():
    lacking = values()
    lacking.loc[[0, 5], "bad"] = np.nan
    page = compare.page(compare.compare(rated(), lacking), command="the command")
    assert "Stimuli without a value, left out of that row: `bad` 2." in page
    assert "without a value" not in compare.page(compare.compare(rated(), values()), command="the command")


def test_values_of_other_stimuli_are_refused():
    with pytest.raises(BadInput, match="items and conditions must have the same names"):
        compare.compare(rated(), values().assign(condition="unknown"))


def test_a_file_that_is_no_table_of_values_is_named(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("song,sdr\na,1\n")
    with pytest.raises(BadInput, match=r"other\.csv: no column 'item'"):
        compare.read_values(other)
    with pytest.raises(BadInput, match=r"none\.csv: cannot be read"):
        compare.read_values(tmp_path / "none.csv")


def test_values_are_read_under_the_names_that_they_were_written_with(tmp_path):
    named = values().assign(item="=cmd " + values()["item"], condition="-" + values()["condition"])
    write_csv(tmp_path / "values.csv", named)
    assert "'=cmd a,'-one" in (tmp_path / "values.csv").read_text()
    read = compare.read_values(tmp_path / "values.csv")
    pd.testing.assert_frame_equal(read, named)
