"""Manifests: what is read, what is refused and how that is said."""

from pathlib import Path

import pytest

from lossmodel import manifest
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair

HEADER = "item,condition,estimate,reference,mixture,accompaniment"


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    for name in ("e.wav", "f.wav", "lead.wav", "both.wav", "mix.wav"):
        (folder / name).touch()
    path = folder / "pairs.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def test_paths_are_relative_to_the_manifest_and_a_cell_may_hold_several_references(tmp_path):
    (pair,) = manifest.read(written(tmp_path, "song,net,e.wav,lead.wav; both.wav,mix.wav,"))
    assert pair.estimate == tmp_path / "e.wav"
    assert pair.references == (tmp_path / "lead.wav", tmp_path / "both.wav")
    assert pair.mixture == tmp_path / "mix.wav"
    assert pair.accompaniment is None
    assert pair.role == "system"


def test_a_role_may_be_given_and_columns_may_stand_in_any_order(tmp_path):
    path = written(
        tmp_path,
        "anchor,song,low,e.wav,lead.wav,,",
        header="role,item,condition,estimate,reference,mixture,accompaniment",
    )
    assert manifest.read(path)[0].role == "anchor"


def test_what_is_written_is_read_back_also_after_the_folder_has_moved(tmp_path):
    folder, elsewhere = tmp_path / "a", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / "mix.wav").touch()
    written(folder)
    references = (folder / "lead.wav", folder / "both.wav")
    pair = Pair("a song, live", "net", "system", folder / "e.wav", references, mixture=elsewhere / "mix.wav")
    manifest.write(folder / "pairs.csv", [pair])
    assert manifest.read(folder / "pairs.csv") == [pair]
    folder.rename(tmp_path / "b")
    (moved,) = manifest.read(tmp_path / "b" / "pairs.csv")
    assert moved.estimate == tmp_path / "b" / "e.wav"


def test_measures_become_further_columns_and_gaps_stay_empty(tmp_path):
    pairs = manifest.read(written(tmp_path, "song,net,e.wav,lead.wav,,", "song,other,f.wav,lead.wav,,"))
    manifest.write(tmp_path / "out.csv", pairs, [{"sdr": 1.5}, {"sir": 2}])
    header, first, second = (tmp_path / "out.csv").read_text().splitlines()
    assert header == f"{HEADER},role,sdr,sir"
    assert first.endswith("system,1.5,")
    assert second.endswith("system,,2")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("song,net,missing.wav,lead.wav,,", r"row 2: .*missing\.wav does not exist"),
        ("song,net,e.wav,lead.wav,nomix.wav,", r"row 2: .*nomix\.wav does not exist"),
        ("song,net,e.wav,lead.wav;no.wav,,", r"row 2: .*no\.wav does not exist"),
        (",net,e.wav,lead.wav,,", "row 2: no item"),
        ("song,net,e.wav,,,", "row 2: no reference"),
        ("song,net,e.wav,lead.wav,", "row 2: more or fewer cells"),
        ("song,net,e.wav,lead.wav,,,,x", "row 2: more or fewer cells"),
        ("song,net,e.wav,lead.wav,,\nsong,net,f.wav,lead.wav,,", "row 3: item 'song', condition 'net' is listed twice"),
    ],
)
def test_a_bad_row_is_refused_by_number(tmp_path, row, words):
    with pytest.raises(BadInput, match=words):
        manifest.read(written(tmp_path, row))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("item,condition,estimate,reference,mixture", "no column 'accompaniment'"),
        (f"{HEADER},genre", "unknown column 'genre'"),
        (f"{HEADER},item", "two columns have the same name"),
        ("", "no column 'item'"),
    ],
)
def test_a_wrong_header_is_refused_and_the_right_one_told(tmp_path, header, words):
    with pytest.raises(BadInput, match=f"{words}.*item, condition, estimate"):
        manifest.read(written(tmp_path, header=header))


def test_an_unknown_role_an_empty_table_and_a_file_that_is_none_are_refused(tmp_path):
    with pytest.raises(BadInput, match="role 'hidden'; it is one of system, reference, anchor"):
        manifest.read(written(tmp_path, "song,net,e.wav,lead.wav,,,hidden", header=f"{HEADER},role"))
    with pytest.raises(BadInput, match="no rows"):
        manifest.read(written(tmp_path))
    with pytest.raises(BadInput, match="no such file"):
        manifest.read(tmp_path / "nothing.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\x00\xfe")
    with pytest.raises(BadInput, match="not a CSV file"):
        manifest.read(tmp_path / "binary.csv")


def test_a_spreadsheets_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    path = written(tmp_path, "song,net,e.wav,lead.wav,,")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert manifest.read(path)[0].item == "song"
