"""From the shell: train on songs with lyrics, align, transcribe, score; one clear line for what does not fit."""

import json

import pytest
import torch

from lossmodel import audio
from lossmodel.errors import BadInput
from separation import store
from separation.lyrics.recordings import Reader, read_lyrics
from separation.lyrics.synthetic import write_songs
from separation.training.loop import train
from tests.separation.builders import RATE, small, songs, tone
from tests.separation.lyrics.builders import ENGLISH
from tests.separation.test_commands import run

ALONE = {"lyrics__weight": 1.0, "lyrics__alone": True, "lyrics__blocks": 1, "lyrics__batch": 2, "data__seconds": 5.0}
BOTH = ALONE | {"lyrics__alone": False}


def recipe(**overrides):
    return small("tiny-lyrics", **ALONE | {"losses__l1": 0.0, "losses__mrstft": 0.0, "steps": 3} | overrides)


@pytest.fixture(scope="module")
def lyric_songs(tmp_path_factory):
    return write_songs(tmp_path_factory.mktemp("lyrics") / "lyrics", [0, 1], 6.0, RATE)


@pytest.fixture(scope="module")
def reader(tmp_path_factory, lyric_songs):
    folder = tmp_path_factory.mktemp("run")
    train(recipe(), lyric_songs, folder / "run")
    return folder / "run"


def test_a_recording_is_aligned_transcribed_and_scored(tmp_path, reader, lyric_songs, monkeypatch):
    monkeypatch.setattr("separation.lyrics.alignment.MIN_HEARD_SHARE", 0.0)
    found = Reader(reader).align(
        lyric_songs / "audio" / "synthetic-000.wav",
        read_lyrics(lyric_songs / "lyrics" / "synthetic-000.txt", ENGLISH),
        delay=0.1,
    )
    starts = [word.start for line in found.lines for word in line.words]
    assert starts == sorted(starts)
    assert len(starts) == len((lyric_songs / "words" / "synthetic-000.csv").read_text().splitlines()) - 1
    assert found.delay == 0.1


def test_a_training_of_characters_alone_resumes_as_if_it_had_never_stopped(tmp_path, lyric_songs):
    whole = train(recipe(steps=4), lyric_songs, tmp_path / "whole")
    train(recipe(steps=2), lyric_songs, tmp_path / "parts")
    resumed = train(recipe(steps=4), lyric_songs, tmp_path / "parts", resume=True)
    weights, again = (store.load(folder).network.state_dict() for folder in (whole, resumed))
    assert all(torch.equal(weights[name], again[name]) for name in weights)


def test_both_tasks_are_learned_in_one_step_and_the_separator_still_separates(tmp_path, lyric_songs):
    data = songs(tmp_path / "songs", count=1, seconds=2.0)
    (data / "lyrics").symlink_to(lyric_songs)
    folder = train(recipe(**BOTH, losses__l1=1.0), data, tmp_path / "run")
    record = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[0])
    assert record["total"] == pytest.approx(record["l1"] + record["ctc"], rel=1e-5)
    loaded = store.load_separator(folder)
    assert loaded.card["class"] == "LyricsWaveUNet"
    alone = recipe(init=str(folder))
    assert train(alone, lyric_songs, tmp_path / "alone").is_dir()


def test_windows_shorter_than_every_line_are_refused(tmp_path, lyric_songs):
    with pytest.raises(BadInput, match=r"data.seconds: a window hears .* s, the shortest line lasts"):
        train(recipe(data__seconds=0.5), lyric_songs, tmp_path / "short")


def test_held_out_songs_choose_the_best_reader(tmp_path):
    more = write_songs(tmp_path / "more", [0, 1, 2], 4.0, RATE)
    best = train(recipe(data__validation=0.34), more, tmp_path / "run")
    assert best.name == "best"
    assert store.load(best).card["validation"] > 0


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        ({"losses__l1": 1.0}, "the characters alone have no losses of a separator"),
        ({"lyrics__alone": False}, "the characters alone have no losses"),
        ({"lyrics__blocks": 9}, "lyrics.blocks = 9: the network has 3"),
        ({"lyrics__weight": 0.0}, "every weight is 0"),
        ({"examples_every": 5}, "make nothing to listen to"),
    ],
)
def test_recipes_that_contradict_themselves_are_refused(overrides, line):
    with pytest.raises(BadInput, match=line):
        recipe(**overrides)


def test_what_does_not_fit_is_one_line(tmp_path, reader, lyric_songs):
    song, lyrics = lyric_songs / "audio" / "synthetic-000.wav", lyric_songs / "lyrics" / "synthetic-000.txt"
    with pytest.raises(BadInput, match="reads lyrics and separates nothing"):
        store.load_separator(reader)
    separator = train(small(steps=1), songs(tmp_path / "songs", count=1, seconds=2.0), tmp_path / "separator")
    with pytest.raises(BadInput, match="reads no lyrics; give a checkpoint trained by lyrics"):
        Reader(separator)
    audio.write(tmp_path / "silence.wav", tone(level=0.0))
    words = read_lyrics(lyrics, ENGLISH)
    with pytest.raises(BadInput, match=r"silence\.wav"):
        Reader(reader).align(tmp_path / "silence.wav", words)
    (tmp_path / "russian.txt").write_text("Я помню чудное мгновенье a\n", encoding="utf-8")
    with pytest.raises(BadInput, match="most of its words have no letter of english"):
        read_lyrics(tmp_path / "russian.txt", ENGLISH)
    (tmp_path / "latin1.txt").write_bytes("für".encode("latin-1"))
    with pytest.raises(BadInput, match="not UTF-8"):
        read_lyrics(tmp_path / "latin1.txt", ENGLISH)
    done = run("align", "--checkpoint", reader, "--audio", song, "--lyrics", tmp_path / "no.txt", "--output", "a.lrc")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no.txt: no such file" in done.stderr


def test_a_transcript_is_written_and_its_errors_are_said(tmp_path, reader, lyric_songs):
    given = ["--audio", lyric_songs / "audio" / "synthetic-001.wav", "--output", tmp_path / "text.txt"]
    truth = ["--truth", lyric_songs / "lyrics" / "synthetic-001.txt", "--beam", "4"]
    done = run("transcribe", "--checkpoint", reader, *given, *truth)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("CER ")
    assert (tmp_path / "text.txt").read_text().endswith("\n")
