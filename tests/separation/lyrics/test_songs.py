"""Songs with lyrics come from the folders that people have, and windows leave out what they cut."""

import itertools
import json
from functools import partial

import numpy as np
import pytest

from lossmodel import audio
from lossmodel.errors import BadInput
from separation.lyrics.excerpts import SungExcerpts
from separation.lyrics.frames import Frames
from separation.lyrics.songs import LyricSong, SungLine, read_lines, songs
from separation.lyrics.synthetic import words, write_songs
from separation.recipe import Lyrics
from tests.separation.builders import RATE, noise, tone, write
from tests.separation.lyrics.builders import ENGLISH

load = partial(songs, alphabet=ENGLISH, rate=RATE, channels=1)


def lines_of(song):
    return [(line.start, line.end, ENGLISH.decode(list(line.symbols))) for line in song.lines]


def test_a_jamendolyrics_folder_is_read(tmp_path):
    audio.write(tmp_path / "audio" / "One.wav", tone())
    audio.write(tmp_path / "audio" / "Two.wav", tone())
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines" / "One.csv").write_text(
        "start_time,end_time,lyrics_line\n0.1,0.4,It's  me!\n", encoding="utf-8"
    )
    told = []
    (song,) = load(tmp_path, cache=tmp_path / "cache", remark=told.append)
    assert (song.name, lines_of(song)) == ("One", [(0.1, 0.4, "it's me")])
    assert "Two.wav has no lines" in told[0]


def test_a_dali_folder_is_read(tmp_path):
    audio.write(tmp_path / "lyrics" / "audio" / "ab12.wav", tone())
    (tmp_path / "lyrics" / "annotations").mkdir()
    annotation = {"annotations": {"annot": {"lines": [{"text": "Oh baby", "time": [0.1, 0.9], "freq": [220, 440]}]}}}
    (tmp_path / "lyrics" / "annotations" / "ab12.json").write_text(json.dumps(annotation))
    (song,) = load(tmp_path, cache=tmp_path / "cache")
    assert lines_of(song) == [(0.1, 0.9, "oh baby")]


def test_songs_with_stems_and_lyrics_are_read(tmp_path):
    write(tmp_path / "A song", vocals=tone(), accompaniment=noise(0))
    (tmp_path / "A song" / "lyrics.txt").write_text("00:00 00:00.5 a Hello\n00:00.6 00:00.8 n\n", encoding="utf-8")
    (song,) = load(tmp_path, cache=tmp_path / "cache")
    assert lines_of(song) == [(0.0, 0.5, "hello")]
    expected = tone().samples + noise(0).samples
    np.testing.assert_allclose(song.samples, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.csv", "start_time,end_time,lyrics_line\n2,1,oh\n", r"line 1 \(oh\) lasts from 2.0 to 1.0 s"),
        ("a.csv", "start_time,end_time,lyrics_line\n2,3,oh\n1,2,no\n", r"line 2 \(no\) starts at 1.0 s, before"),
        ("a.csv", "start_time,end_time,lyrics_line\nx,3,oh\n", "a time is no number"),
        ("a.csv", "start,end\n1,3\n", "needed are start_time, end_time, lyrics_line"),
        ("a.csv", "start_time,end_time,lyrics_line\n", "no lines"),
        ("a.json", "{}", "no annotations.annot.lines"),
        ("a.txt", "hello\n", "line 1 is not"),
    ],
)
def test_annotations_that_cannot_be_are_named(tmp_path, name, text, line):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=line):
        read_lines(tmp_path / name)


def test_a_folder_without_lyrics_says_what_is_needed(tmp_path):
    with pytest.raises(BadInput, match="no songs with lyrics; give a folder with audio/ and lines/"):
        load(tmp_path, cache=tmp_path / "cache")


def excerpts(lines):
    """Return excerpts of a song of ten seconds, windows of three in frames of a tenth."""
    song = LyricSong("song", 100, np.zeros((1, 1000), np.float32), tuple(SungLine(*line) for line in lines))
    return song, SungExcerpts([song], Frames(500, 31, 10), Lyrics(weight=1.0), space=9, seed=0)


def heard_from(second, lines):
    song, found = excerpts(lines)
    return found.heard(song, round(second * 100) - found.frames.offset)


def test_whole_lines_in_a_window_are_its_symbols():
    assert heard_from(1.0, [(1.5, 2.0, (1, 2)), (2.5, 3.0, (3,))]) == ((0, 31), (1, 2, 9, 3))


def test_what_belongs_to_a_cut_line_is_left_out():
    lines = [(0.5, 2.0, (1,)), (2.2, 3.0, (2,)), (3.5, 5.0, (3,))]
    assert heard_from(1.0, lines) == ((10, 26), (2,))


def test_where_nobody_sings_the_right_answer_is_empty():
    assert heard_from(5.0, [(1.0, 2.0, (1,))]) == ((0, 31), ())


def test_a_batch_of_a_step_is_always_the_same():
    _, found = excerpts([(1.0, 2.0, (1,)), (4.0, 5.0, (2, 3))])
    one, again, other = found.make(3), found.make(3), found.make(4)
    assert (one.spans, one.symbols) == (again.spans, again.symbols)
    assert (one.spans, one.symbols) != (other.spans, other.symbols)
    assert one.mixture.shape == (8, 1, 500)


def test_synthetic_words_are_known_to_the_sample(tmp_path):
    folder = write_songs(tmp_path / "songs", [4], 6.0, RATE)
    (song,) = load(folder, cache=tmp_path / "cache")
    sung = words(4, 6.0)
    assert song.lines[0].start == sung[0].start == 0.0
    assert " ".join(word.written for word in sung if word.line == 0) == lines_of(song)[0][2]
    assert all(before.end <= after.start + 1e-6 for before, after in itertools.pairwise(sung))
