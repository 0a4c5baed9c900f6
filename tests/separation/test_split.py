"""What is learned from and what is held out is chosen by folder, by list or by share, and said."""

import shutil

import pytest

from lossmodel.errors import BadInput
from separation import store
from separation.evaluate import evaluate
from separation.training.loop import train
from tests.separation.builders import noise, small, songs, tone, write


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
