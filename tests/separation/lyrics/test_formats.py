"""Files that karaoke players, subtitle tools and Praat read, with nothing half-written."""

import csv
import itertools
import json
import re

import pytest

from lossmodel.errors import BadInput
from separation.lyrics import formats
from tests.separation.lyrics.builders import aligned

FOUND = aligned("__it's_me___<&>".replace("<&>", "___") + "_a_b_", '[Chorus]\nit\'s "me"\na <b>')


def written(tmp_path, name):
    formats.write(tmp_path / name, FOUND)
    return (tmp_path / name).read_text(encoding="utf-8")


def test_json_and_csv_hold_every_line_and_word(tmp_path):
    facts = json.loads(written(tmp_path, "a.json"))
    assert [line["written"] for line in facts["lines"]] == ["[Chorus]", 'it\'s "me"', "a <b>"]
    rows = list(csv.DictReader(written(tmp_path, "a.csv").splitlines()))
    assert [row["written"] for row in rows] == ["[Chorus]", "it's", '"me"', "a", "<b>"]
    assert float(rows[1]["start"]) == facts["lines"][1]["words"][0]["start"]


def test_lrc_has_a_time_a_line_and_enhanced_a_time_a_word(tmp_path):
    assert written(tmp_path, "a.lrc") == '[00:00.10]it\'s "me"\n[00:00.80]a <b>\n'
    assert written(tmp_path, "a.elrc").splitlines()[0] == '[00:00.10]<00:00.10>it\'s <00:00.35>"me"<00:00.45>'


def test_subtitles_are_numbered_and_in_order(tmp_path):
    assert written(tmp_path, "a.srt").splitlines()[:3] == ["1", "00:00:00,100 --> 00:00:00,450", 'it\'s "me"']
    vtt = written(tmp_path, "a.vtt")
    assert vtt.startswith('WEBVTT\n\n00:00:00.100 --> 00:00:00.450\nit\'s <00:00:00.350>"me"\n')
    assert "&lt;b&gt;" in vtt


def test_a_textgrid_has_two_tiers_without_gaps(tmp_path):
    grid = written(tmp_path, "a.TextGrid")
    for tier in grid.split("    item [")[1:]:
        spans = re.findall(r"            xmin = (\S+)\n            xmax = (\S+)", tier)
        assert float(spans[0][0]) == 0
        assert float(spans[-1][1]) == pytest.approx(FOUND.seconds)
        assert all(before[1] == after[0] for before, after in itertools.pairwise(spans))
        assert all(float(start) < float(end) for start, end in spans)
        assert re.search(rf"intervals: size = {len(spans)}\n", tier)
    assert '"it\'s ""me"""' in grid


def test_an_unknown_format_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(BadInput, match=r"a.doc: no format of that name; end it in .json"):
        formats.write(tmp_path / "a.doc", FOUND)
    assert not list(tmp_path.iterdir())
