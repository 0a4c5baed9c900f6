"""What is learned from and what is held out is chosen by folder, by list or by share, and said."""

import shutil
from pathlib import Path

import pytest

from lossmodel.errors import BadInput
from separation import store
from separation.data import survey
from separation.data.split import artist, chosen_songs, held_out_numbers, training_folder
from separation.data.stems import unheard
from separation.evaluate import evaluate
from separation.training.loop import train
from tests.separation.builders import RATE, noise, small, songs, tone, write


def quick(**changes):
    return small(steps=1, losses__mrstft=0.0, **changes)


def collection(folder):
    """Write a collection of two songs to learn from and one to test on."""
    songs(folder / "train", count=2, seconds=1.0)
    shutil.copytree(songs(folder / "other", count=3, seconds=1.0) / "synthetic-002", folder / "test" / "synthetic-002")
    shutil.rmtree(folder / "other")
    return folder


def test_of_a_collection_the_train_part_is_learned_from_and_said(tmp_path):
    told, music = [], collection(tmp_path / "musdb")
    train(quick(), music, tmp_path / "whole", remark=told.append)
    assert told == [f"{music}: has train and test; training uses train only"]
    train(quick(), music / "train", tmp_path / "part", remark=told.append)
    train(quick(), music / "test", tmp_path / "test", remark=told.append)
    assert told[1:] == [f"{music / 'test'}: training uses the test songs of {music}; do not report results on them"]
    inputs = {name: store.load(tmp_path / name).card["inputs"]["data"] for name in ("whole", "part", "test")}
    assert inputs["whole"] == inputs["part"] != inputs["test"]


def test_the_test_part_of_a_collection_is_never_learned_from_in_silence(tmp_path, monkeypatch):
    told, music = [], tmp_path / "data" / "musdb"
    for part in ("Train", "test"):
        (music / part / "Ada - One").mkdir(parents=True)
    with pytest.raises(BadInput, match=r"musdb/test has songs for a test; give .*musdb/Train"):
        training_folder(tmp_path / "data", told.append)
    assert training_folder(music, told.append) == music / "Train"
    for folder in (music / "test", music / "test" / "Ada - One"):
        assert training_folder(folder, told.append) == folder
    monkeypatch.chdir(music / "test")
    training_folder(Path(), told.append)
    assert [line.partition(": ")[2].partition(" of")[0] for line in told[1:]] == ["training uses the test songs"] * 3
    told.clear()
    training_folder(music / "Train", told.append)
    training_folder(tmp_path / "nowhere", told.append)
    assert told == []


def test_all_songs_of_an_artist_are_on_one_side():
    names = [f"train/{who} - {song}" for who in ("Ada", "Bo", "Cy", "Di") for song in ("One", "Two", "Three")]
    for seed in range(8):
        held = held_out_numbers(names, small(data__validation=0.3, seed=seed))
        assert len(held) == 3
        assert not {artist(names[n]) for n in held} & {artist(n) for at, n in enumerate(names) if at not in held}
    assert len(held_out_numbers(names, small(data__validation=0.1))) == 3
    assert len(held_out_numbers(names[:3], small(data__validation=0.3))) == 1
    assert len(held_out_numbers(["a", "b", "c", "d"], small(data__validation=0.5))) == 2


def test_a_survey_tells_hours_silence_artists_and_what_is_on_both_sides(tmp_path):
    for name in ("Ada - One", "Ada - Two", "Bo - One"):
        sung = tone(seconds=2.0)
        sung.samples[:, RATE:] = 0
        write(tmp_path / "songs" / name, vocals=sung, accompaniment=noise(len(name) + ord(name[-1]), 2.0))
    names = tmp_path / "names.txt"
    names.write_text("Ada - Two")
    found = chosen_songs(small(), tmp_path / "songs", names, cache=tmp_path / "cache", remark=unheard)
    assert list(survey.lines(*found)) == [
        "train        0:02  sung  50%  Ada - One",
        "train        0:02  sung  50%  Bo - One",
        "held out     0:02  sung  50%  Ada - Two",
        "train: 2 songs of 2 artists, 0.00 h, of which nobody sings in 50 %",
        "held out: 1 song of 1 artist, 0.00 h, of which nobody sings in 50 %",
        "on both sides: songs of Ada; held-out songs of other artists say more about new ones",
    ]


def test_a_song_whose_file_is_cut_off_is_named(tmp_path):
    for name in ("vocals", "accompaniment"):
        write(tmp_path / "songs" / "Ada - One", **{name: noise(len(name))})
        path = tmp_path / "songs" / "Ada - One" / f"{name}.wav"
        path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(BadInput, match=r"accompaniment\.wav: cut off, 7000 of 8000 samples exist"):
        chosen_songs(small(), tmp_path / "songs", None, cache=tmp_path / "cache")


def test_songs_of_a_folder_or_a_list_are_held_out(tmp_path):
    music = collection(tmp_path / "musdb")
    names = tmp_path / "names.txt"
    names.write_text("synthetic-001\n\n")
    for name, validation in (("folder", music / "test"), ("list", names)):
        chosen = train(quick(), music, tmp_path / name, validation=validation)
        assert chosen == tmp_path / name / "best"
        assert len(store.load(chosen).card["inputs"]["validation"]) == 64
    names.write_text("synthetic-009")
    for validation, words in (
        (music / "train", "synthetic-000 is also in the training songs"),
        (names, "synthetic-009 is not one of the songs, such as synthetic-000"),
        (tmp_path / "nowhere", "no such folder"),
    ):
        with pytest.raises(BadInput, match=words):
            train(quick(), music, tmp_path / "refused", validation=validation)
    names.write_text("synthetic-000\nsynthetic-001")
    with pytest.raises(BadInput, match="lists every song"):
        train(quick(), music, tmp_path / "refused", validation=names)


def test_a_silent_song_is_left_out_and_named_and_the_others_are_used(tmp_path):
    told, music = [], songs(tmp_path / "songs", count=1, seconds=1.5)
    write(music / "silent", vocals=tone(level=0.0), accompaniment=noise(1))
    train(quick(), music, tmp_path / "run", remark=told.append)
    assert len(told) == 1
    assert told[0].startswith(f"left out: {music / 'silent'}: vocals is silent")
    found = evaluate(tmp_path / "run", music)
    assert [song["song"] for song in found["songs"]] == ["synthetic-000"]
    assert found["left_out"] == [told[0].removeprefix("left out: ")]
    defects = found["songs"][0]["defects"]
    assert defects["worst_second"] is None or defects["worst_second"]["start"] == 0.0
    assert 0 < defects["vocals_bandwidth_hz"] <= defects["reference_bandwidth_hz"] <= 4000
