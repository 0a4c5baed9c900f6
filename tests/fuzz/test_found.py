"""Inputs that once ended in a traceback, each with the line that it is refused with now."""

import pytest

from lossmodel.errors import BadInput
from tests.fuzz import files

TARGETS = {target.name: target for target in files.TARGETS}
OVERLONG = b"a" * 140_000
"""More than a cell of Python's csv may have."""

REFUSED = {
    "a cell without end in a song's lines": (
        "lines.csv",
        b"start_time,end_time,lyrics_line\n0,1," + OVERLONG,
        "not a CSV",
    ),
    "a song's lines in Latin-1": ("lines.csv", "start_time,end_time,lyrics_line\n0,1,é".encode("latin-1"), "UTF-8"),
    "MUSDB's lines in Latin-1": ("lines-musdb", "00:12 00:15 a né".encode("latin-1"), "UTF-8"),
    "onsets with a cell without end": ("onsets.csv", b"word_start\n0.5\n" + OVERLONG, "not a CSV"),
    "onsets in Latin-1": ("onsets.csv", "word_start\n0.5\né".encode("latin-1"), "UTF-8"),
    "scores without an item": ("scores.csv", b"item,condition,quality\n,c,5\n", "row 2 has no item"),
    "a row of ratings with one cell more": ("ratings.csv", files.RATINGS.encode() + b"x" + b",x" * 20, "not a CSV"),
    "an override without a sign": ("override", b"\n[0.5, 1]", "give KEY=VALUE"),
}


def prepared(folder, name: str):
    target = TARGETS[name]
    return target, target.prepare(folder)


def refusal(target, path) -> str:
    with pytest.raises(BadInput) as refused:
        target.read(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(("name", "content", "said"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_in_one_line(tmp_path, name, content, said):
    target, path = prepared(tmp_path, name)
    path.write_bytes(content)
    assert said in refusal(target, path)


def test_a_manifest_that_is_no_csv_is_left_out_with_the_reason(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"item,condition,file\na,b," + OVERLONG)
    places, reason = files.delivered_manifest.read("list.csv", path, [])
    assert (places, reason) == ({}, "list.csv: not a CSV file (field larger than field limit (131072)); left out")


def test_an_archive_whose_beginning_is_missing_is_refused_and_leaves_nothing(tmp_path):
    target, path = prepared(tmp_path, "zip")
    path.write_bytes(path.read_bytes()[1:])
    assert "cannot be unpacked" in refusal(target, path)
    assert not (tmp_path / "unpacked").exists()


def test_an_mp4_of_an_unknown_codec_is_refused_and_a_title_that_is_no_utf8_does_not_matter(tmp_path):
    target, path = prepared(tmp_path, "sound.mp4")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"stsd", b"none"))
    assert "in no format that is known" in refusal(target, path)
    path.write_bytes(whole.replace(b"SoundHandler", b"\x80oundHandler"))
    target.read(path)
