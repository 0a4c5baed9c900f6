"""Separated audio has the mixture's length, rate and channels, sums to it, and shows no seams."""

import errno
import json
import re

import numpy as np
import pytest
import torch

import separation
from lossmodel import audio
from lossmodel import store as cards
from lossmodel.audio import Audio
from lossmodel.errors import BadInput
from separation import store
from separation.data import example
from separation.inference import separate as rendering
from separation.inference import streams
from separation.inference.separate import separate, tiling
from separation.inference.separator import Separator
from separation.networks.waveunet import WaveUNet
from tests.separation.builders import RATE, noise, small, tone


def network(**changes):
    recipe = small(**{f"network__{key}": value for key, value in changes.items()})
    torch.manual_seed(0)
    return WaveUNet(recipe.network).eval(), recipe


@pytest.fixture
def checkpoint(tmp_path):
    """Return a stored separator with random weights: mono, 8 kHz."""
    net, recipe = network()
    store.save(tmp_path / "checkpoint", net.state_dict(), recipe, {"step": 0})
    return tmp_path / "checkpoint"


@pytest.mark.parametrize("context", [True, False])
@pytest.mark.parametrize("frames", [1, 40, 1000])
def test_tiles_side_by_side_are_the_whole(context, frames):
    net, _ = network(context=context, levels=4)
    song = noise(0, 0.7).samples
    whole = np.concatenate(list(rendering.tiled(net, [song], 1, frames=1 << 14)), axis=1)
    tiled = np.concatenate(list(rendering.tiled(net, np.array_split(song, 7, axis=1), 1, frames=frames)), axis=1)
    assert tiled.shape == song.shape
    np.testing.assert_allclose(tiled, whole, atol=1e-6)


def test_tiles_advance_on_the_networks_grid():
    config = small("regression", **{"network.levels": 12}).network
    tiles = tiling(config, 100_000)
    assert tiles.hop % 4096 == 0
    assert tiles.input >= tiles.hop + 2 * tiles.margin


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_and_channels_come_back_as_they_went_in(checkpoint, rate, channels):
    mixture = noise(1, 0.5, rate=rate, channels=channels)
    found = Separator(checkpoint)(mixture)
    for source in found.values():
        assert source.rate == rate
        assert source.samples.shape == mixture.samples.shape
    np.testing.assert_allclose(found["vocals"].samples + found["accompaniment"].samples, mixture.samples, atol=1e-6)


def test_a_stereo_separator_takes_mono_files_and_gives_mono():
    net, recipe = network(channels=2)
    loaded = store.Checkpoint(net, recipe, {}, "")
    found = Separator(loaded)(noise(1, 0.3))
    assert found["vocals"].channels == 1


def test_a_separator_that_hears_each_channel_keeps_them_apart(checkpoint):
    both = Audio(np.concatenate([noise(1, 0.3).samples, tone(seconds=0.3).samples]), RATE)
    apart = Separator(checkpoint)
    np.testing.assert_allclose(apart(both)["vocals"].samples[1:], apart(tone(seconds=0.3))["vocals"].samples, atol=1e-6)


def test_files_are_written_as_float_and_sum_to_the_mixture(checkpoint, tmp_path):
    loud = noise(2, 1.0, rate=16000, channels=2, level=0.5)
    audio.write(tmp_path / "song.wav", loud, subtype="FLOAT")
    steps = []
    written = separate(checkpoint, [tmp_path / "song.wav"], tmp_path / "out", report=lambda *at: steps.append(at))
    assert [path.name for path in written] == ["song.vocals.wav", "song.accompaniment.wav"]
    vocals, accompaniment = (audio.read(path) for path in written)
    np.testing.assert_allclose(vocals.samples + accompaniment.samples, loud.samples, atol=1e-6)
    assert steps[-1] == (16000, 16000)
    facts = json.loads((tmp_path / "out" / "song.json").read_text())
    assert facts["bandwidth_hz"] == RATE / 2
    assert facts["checkpoint"] == cards.fingerprint(checkpoint)


def test_reading_in_blocks_changes_nothing(checkpoint, tmp_path, monkeypatch):
    mixture = noise(3, 1.5, rate=11025)
    audio.write(tmp_path / "song.wav", mixture, subtype="FLOAT")
    whole = Separator(checkpoint)(mixture)["vocals"].samples
    monkeypatch.setattr(streams, "BLOCK_FRAMES", 777)
    (vocals, _) = separate(checkpoint, [tmp_path / "song.wav"], tmp_path / "out")
    np.testing.assert_allclose(audio.read(vocals).samples, whole, atol=1e-5)


def test_files_of_the_same_name_are_called_after_their_folders(checkpoint, tmp_path):
    files = [tmp_path / name / "mixture.wav" for name in ("a", "b")]
    for path in files:
        audio.write(path, noise(1, 0.2))
    written = separate(checkpoint, files, tmp_path / "out")
    assert {path.name for path in written} >= {"a.vocals.wav", "b.vocals.wav"}
    with pytest.raises(BadInput, match="same name"):
        separate(checkpoint, [files[0], files[0]], tmp_path / "out")


def test_a_bad_file_is_named_and_leaves_nothing_behind(checkpoint, tmp_path):
    broken, late = tmp_path / "broken.wav", tmp_path / "late.wav"
    broken.write_bytes(b"no audio")
    gone_wrong = noise(1, 1.0)
    gone_wrong.samples[0, -1] = np.nan
    audio.write(late, gone_wrong, subtype="FLOAT")
    for path, words in ((broken, "cannot be read"), (late, "has NaN"), (tmp_path / "none.wav", "no such file")):
        with pytest.raises(BadInput, match=words):
            separate(checkpoint, [path], tmp_path / "out")
    assert not list((tmp_path / "out").glob("*"))


def test_a_checkpoint_carries_its_recipe(checkpoint):
    loaded = store.load(checkpoint)
    assert loaded.recipe == small()
    assert loaded.card["bandwidth"] == RATE / 2
    assert not loaded.network.training


def change(checkpoint, **values):
    card = json.loads((checkpoint / cards.CARD_FILE).read_text())
    (checkpoint / cards.CARD_FILE).write_text(json.dumps({**card, **values}))


def test_a_checkpoint_that_is_damaged_foreign_or_newer_is_refused(checkpoint, tmp_path):
    with pytest.raises(BadInput, match="no checkpoint here"):
        store.load(tmp_path)
    other = small(network__filters=6).model_dump(mode="json")
    for values, words in (
        ({"version": 99}, "version 99, this program reads 1"),
        ({"kind": "objective", "version": 1}, "holds 'objective'"),
        ({"kind": "separator", "recipe": other}, "do not fit together"),
        ({"class": "Unheard", "recipe": small().model_dump(mode="json")}, "do not fit together"),
        ({"recipe": {"steps": 1}}, "do not fit together"),
    ):
        change(checkpoint, **values)
        with pytest.raises(BadInput, match=words):
            store.load(checkpoint)
    weights = checkpoint / cards.WEIGHTS_FILE
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(BadInput, match="damaged"):
        store.load(checkpoint)


def test_flac_holds_stems_that_sum_to_a_24_bit_mixture_exactly(checkpoint, tmp_path):
    audio.write(tmp_path / "song.wav", noise(2, 0.5, level=0.1), subtype="PCM_24")
    written = separate(checkpoint, [tmp_path / "song.wav"], tmp_path / "out", kind="flac")
    assert [path.suffix for path in written] == [".flac", ".flac"]
    vocals, rest, mixture = (audio.read(path).samples.astype(np.float64) for path in (*written, tmp_path / "song.wav"))
    np.testing.assert_array_equal(vocals + rest, mixture)


def test_flac_that_would_clip_is_refused_and_nothing_is_left(checkpoint, tmp_path):
    audio.write(tmp_path / "song.wav", tone(level=3.0), subtype="FLOAT")
    with pytest.raises(BadInput, match="clipped in FLAC; write WAV instead"):
        separate(checkpoint, [tmp_path / "song.wav"], tmp_path / "out", kind="flac")
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.parametrize("high_band", [False, True])
def test_what_lies_above_the_bandwidth_goes_where_it_is_wanted(checkpoint, tmp_path, high_band):
    high = tone(6000, 1.0, rate=16000)
    audio.write(tmp_path / "song.wav", high, subtype="FLOAT")
    written = separate(checkpoint, [tmp_path / "song.wav"], tmp_path / "out", high_band=high_band)
    vocals, rest = (audio.read(path).samples[:, 2000:-2000] for path in written)
    kept, empty = (vocals, rest) if high_band else (rest, vocals)
    np.testing.assert_allclose(kept, high.samples[:, 2000:-2000], atol=0.02)
    assert np.abs(empty).max() < 0.02
    assert json.loads((tmp_path / "out" / "song.json").read_text())["above_it"] in {"vocals", "accompaniment"}


def test_a_pattern_is_every_file_that_it_matches(checkpoint, tmp_path):
    for name in ("b", "a"):
        audio.write(tmp_path / f"{name}.wav", noise(1, 0.2))
    written = separate(checkpoint, [tmp_path / "b.wav", tmp_path / "*.wav"], tmp_path / "out")
    assert [path.name for path in written if "vocals" in path.name] == ["b.vocals.wav", "a.vocals.wav"]
    with pytest.raises(BadInput, match="matches no file"):
        separate(checkpoint, [tmp_path / "*.flac"], tmp_path / "out")


def test_noise_beside_the_mixture_is_the_same_each_time_and_in_any_blocks():
    net, _ = network(noise=2)
    song = noise(0, 0.7).samples
    whole = np.concatenate(list(rendering.tiled(net, [song], 1)), axis=1)
    tiles = np.concatenate(list(rendering.tiled(net, np.array_split(song, 7, axis=1), 1, frames=100)), axis=1)
    np.testing.assert_allclose(tiles, whole, atol=1e-6)


@pytest.fixture
def noisy(tmp_path):
    """Return a stored separator with noise beside the mixture, and random weights."""
    net, recipe = network(noise=1)
    store.save(tmp_path / "noisy", net.state_dict(), recipe, {"step": 0})
    return tmp_path / "noisy"


def test_the_seed_of_the_noise_is_given_at_use_and_told(noisy, checkpoint, tmp_path):
    audio.write(tmp_path / "song.wav", noise(1, 0.3))
    voices = {}
    for name, seed in {"plain": None, "nought": 0, "five": 5, "again": 5}.items():
        written = separate(noisy, [tmp_path / "song.wav"], tmp_path / name, seed=seed)
        voices[name] = audio.read(written[0]).samples
    assert np.array_equal(voices["plain"], voices["nought"])
    assert np.array_equal(voices["five"], voices["again"])
    assert np.abs(voices["five"] - voices["plain"]).max() > 1e-3
    assert json.loads((tmp_path / "five" / "song.json").read_text())["noise_seed"] == 5
    with pytest.raises(BadInput, match="has no noise input"):
        separate(checkpoint, [tmp_path / "song.wav"], tmp_path / "out", seed=5)


def test_a_separator_is_loaded_once_and_takes_arrays_and_files(checkpoint, tmp_path):
    mixture = noise(1, 0.4, channels=2)
    audio.write(tmp_path / "song.wav", mixture, subtype="FLOAT")
    apart = separation.Separator(str(checkpoint))
    assert (apart.rate, apart.bandwidth_hz, apart.card["kind"]) == (RATE, RATE / 2, "separator")
    whole = apart.separate_array(mixture.samples.astype(np.float64), RATE)
    np.testing.assert_allclose(whole["vocals"] + whole["accompaniment"], mixture.samples, atol=1e-6)
    np.testing.assert_array_equal(apart.separate_file(tmp_path / "song.wav")["vocals"].samples, whole["vocals"])
    assert apart.separate_array(mixture.samples[0], RATE)["vocals"].shape == mixture.samples[0].shape
    for wrong in (mixture.samples.T, np.zeros((2, 0)), np.zeros((1, 1, 9)), np.full(9, np.nan)):
        with pytest.raises(BadInput, match="samples"):
            apart.separate_array(wrong, RATE)


def test_a_seed_is_one_of_a_separator_in_python_too(noisy):
    mixture = noise(1, 0.3)
    one, other = (separation.Separator(noisy, seed=seed)(mixture)["vocals"].samples for seed in (1, 2))
    assert np.abs(one - other).max() > 1e-3


def test_a_file_that_is_cut_off_is_separated_and_told(checkpoint, tmp_path):
    whole, cut = tmp_path / "whole.wav", tmp_path / "cut.wav"
    audio.write(whole, noise(1, 1.0), subtype="PCM_16")
    cut.write_bytes(whole.read_bytes()[:-RATE])  # half of its samples of two bytes
    told = []
    separate(checkpoint, [whole, cut], tmp_path / "out", remark=told.append)
    assert told == [f"{cut}: cut off, 0.50 s less than its header says; copy it again"]
    facts = {name: json.loads((tmp_path / "out" / f"{name}.json").read_text()) for name in ("whole", "cut")}
    assert {name: each["cut_off_seconds"] for name, each in facts.items()} == {"whole": 0.0, "cut": 0.5}


def test_a_stem_file_gives_its_results_the_songs_name(checkpoint, tmp_path):
    (tmp_path / "Song.stem.mp4").write_bytes(example.path().read_bytes())
    written = separate(checkpoint, [tmp_path / "Song.stem.mp4"], tmp_path / "out")
    assert [path.name for path in written] == ["Song.vocals.wav", "Song.accompaniment.wav"]


def test_what_cannot_be_written_is_named_as_it_would_be_called(checkpoint, tmp_path):
    audio.write(tmp_path / "song.wav", tone(level=3.0), subtype="FLOAT")
    with pytest.raises(BadInput, match="^" + re.escape(str(tmp_path / "out" / "song."))):
        separate(checkpoint, [tmp_path / "song.wav"], tmp_path / "out", kind="flac")
    with pytest.raises(BadInput, match="is a file; give a folder"):
        separate(checkpoint, [tmp_path / "song.wav"], tmp_path / "song.wav")


def test_a_filtered_network_has_no_seams_either():
    net, _ = network(resampling="filtered", upsampling="linear", normalisation="weight")
    song = noise(0, 0.7).samples
    parts = [np.concatenate(list(rendering.tiled(net, [song], 1, frames=frames)), axis=1) for frames in (64, 1 << 14)]
    np.testing.assert_allclose(*parts, atol=1e-6)


def test_a_full_disc_or_too_little_memory_is_one_line(checkpoint, tmp_path):
    audio.write(tmp_path / "song.wav", noise(1, 0.2))

    def raising(error):
        def report(frames, all_frames):
            raise error

        return report

    for error, words in (
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (MemoryError(), "out of memory; close other programs"),
    ):
        with pytest.raises(BadInput, match=words):
            separate(checkpoint, [tmp_path / "song.wav"], tmp_path / "out", report=raising(error))
        assert not list((tmp_path / "out").glob("*"))
