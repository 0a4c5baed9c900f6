"""The ratings table: what is accepted, what is refused and how that is said."""

import pandas as pd
import pytest

from lossmodel.errors import BadInput
from lossmodel.ratings import table
from tests.lossmodel.ratings.builders import rating, ratings


def test_what_is_written_is_read_back_with_its_types_and_extra_columns(tmp_path):
    frame = ratings(rating(comment="nice, really"), rating(condition="ref", role="reference", score=100, comment=""))
    table.write(tmp_path / "ratings.csv", frame)
    found = table.read(tmp_path / "ratings.csv")
    assert list(found.columns) == [*table.COLUMNS, "comment"]
    assert found["score"].tolist() == [50.0, 100.0]
    assert found["comment"].tolist() == ["nice, really", ""]
    assert found["simulated"].dtype == bool
    assert found["replicate"].dtype == "Int64"


def test_columns_may_stand_in_any_order_and_numbers_may_be_names(tmp_path):
    row = rating(assessor=7, item="007")
    pd.DataFrame([dict(reversed(row.items()))]).to_csv(tmp_path / "ratings.csv", index=False)
    found = table.read(tmp_path / "ratings.csv")
    assert list(found.columns) == list(table.COLUMNS)
    assert found[["assessor", "item"]].iloc[0].tolist() == ["7", "007"]


def test_what_a_test_did_not_record_may_be_empty():
    found = ratings(rating(trial="", position=None, seconds=""))
    assert found[["trial", "position", "seconds"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"score": 101}, "row 3: score '101.*0 to 100"),
        ({"score": -0.5}, "row 3: score '-0.5'"),
        ({"score": "good"}, "row 3: score 'good': a number"),
        ({"score": "nan"}, "row 3: score"),
        ({"score": "inf"}, "row 3: score 'inf'"),
        ({"score": ""}, "row 3: score ''"),
        ({"role": "system under test"}, "row 3: role 'system under test'.*system, reference, anchor"),
        ({"assessor": " "}, "row 3: assessor ''"),
        ({"replicate": 0.5}, "row 3: replicate '0.5'.*whole number"),
        ({"simulated": "perhaps"}, "row 3: simulated 'perhaps'"),
        ({"item": "song", "condition": "net"}, "row 3: condition 'net'.*twice"),
        ({"role": "anchor", "item": "song", "condition": "net", "replicate": 1}, "row 3: role 'anchor'.*another role"),
    ],
)
def test_a_bad_value_is_refused_by_row_and_value(changes, words):
    other = rating(item="another", condition="x")
    with pytest.raises(BadInput, match=words):
        ratings(rating(), other | changes)


def test_a_missing_column_is_named():
    with pytest.raises(BadInput, match="no column 'trial'"):
        table.check(pd.DataFrame([rating()]).drop(columns="trial"))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01", b'a,b\n"1,2\n'])
def test_a_file_that_is_no_table_is_refused_by_name(tmp_path, content):
    (tmp_path / "ratings.csv").write_bytes(content)
    with pytest.raises(BadInput, match=r"ratings\.csv"):
        table.read(tmp_path / "ratings.csv")
    with pytest.raises(BadInput, match="no such file"):
        table.read(tmp_path / "other.csv")


def test_a_stimulus_mean_counts_people_not_ratings():
    scores = {"A": (40, 60), "B": (70, 90), "C": (60, 60)}
    rows = [
        rating(assessor=name, session=name, replicate=number, score=score)
        for name, pair in scores.items()
        for number, score in enumerate(pair)
    ]
    (found,) = table.stimulus_means(ratings(*rows)).itertuples()
    assert (found.mean, found.n) == (pytest.approx(190 / 3), 3)
    assert found.sd == pytest.approx(pd.Series([50, 80, 60]).std())
    # Student's t with two degrees of freedom: 4.3027
    assert found.half_width == pytest.approx(4.3027 * found.sd / 3**0.5, rel=1e-4)


def test_one_assessor_has_no_interval():
    (found,) = table.stimulus_means(ratings(rating())).itertuples()
    assert found.n == 1
    assert pd.isna(found.half_width)
