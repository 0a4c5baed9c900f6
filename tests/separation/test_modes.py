"""A network with several answers learns which one each song's vocals are, and gives the one that is asked for."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from lossmodel import audio
from lossmodel import store as cards
from lossmodel.audio import Audio
from lossmodel.errors import BadInput
from separation import store
from separation.data.batch import Batch
from separation.data.stems import Song
from separation.inference import separate as rendering
from separation.inference.choice import Choice
from separation.inference.separate import separate
from separation.inference.separator import Separator
from separation.networks.waveunet import WaveUNet
from separation.training import resume
from separation.training.loop import train
from separation.training.modes import INFERRED, ModeChoice, nearest_answer, one_answer
from tests.separation.builders import RATE, noise, small, tone, write

LEAD_HZ, BACKING_HZ = 330.0, 1500.0
STEPS = 100
QUICK = {
    "batch": 4,
    "checkpoint_every": 100,
    "data__remix": 0.0,
    "data__gain": (0.9, 1.0),
    "data__seconds": 0.12,
    "network__levels": 2,
    "losses__mrstft": 0.0,
    "optimiser__learning_rate": 5e-3,
    "optimiser__ema": 0.9,
    "modes__start": 0.2,
}


def two_voices(number, seconds=0.6):
    """Return lead, backing and band of a toy song."""
    lead = tone(LEAD_HZ * (1 + 0.03 * number), seconds)
    return (
        lead,
        tone(BACKING_HZ * (1 + 0.03 * number), seconds, level=0.35),
        noise(round(2 * number), seconds, level=0.02),
    )


def added(*sounds):
    return Audio(sum(sound.samples for sound in sounds), sounds[0].rate)


@pytest.fixture(scope="module")
def labelled_once(tmp_path_factory):
    """Return songs with one reference each: even ones call the lead alone the vocals, odd ones both voices."""
    folder = tmp_path_factory.mktemp("toy") / "songs"
    for number in range(6):
        lead, backing, band = two_voices(number)
        if number % 2:
            write(folder / f"song-{number}", vocals=added(lead, backing), accompaniment=band)
        else:
            write(folder / f"song-{number}", vocals=lead, accompaniment=added(backing, band))
    return folder


def backing_gain(separates):
    """Return how much of the backing voice of an unknown song is in the vocals: 0 none, 1 all of it."""
    lead, backing, band = two_voices(2.5)
    voice = separates(added(lead, backing, band))["vocals"].samples[0]
    parts = np.stack([lead.samples[0], backing.samples[0]], axis=1)
    return np.linalg.lstsq(parts, voice, rcond=None)[0][1]


@pytest.fixture(scope="module")
def divided(labelled_once, tmp_path_factory):
    """Return a training that had to find out which answer each song is."""
    output = tmp_path_factory.mktemp("divided") / "run"
    train(small("two-answers", **QUICK), labelled_once, output, steps=STEPS)
    return output


def test_which_answer_a_songs_only_reference_is_is_found_out(divided):
    parts, _ = resume.load(divided)
    found = parts["modes"]["costs"].argmin(1).tolist()
    names = store.load(divided).modes
    assert [names[answer] for answer in found] == ["lead", "all"] * 3
    last = json.loads((divided / "metrics.jsonl").read_text().splitlines()[-1])
    assert (last["mode_lead"], last["mode_all"]) == (0.5, 0.5)


def test_each_answer_commits_where_a_network_with_one_gives_the_average(divided, labelled_once, tmp_path):
    plain = {**QUICK, "network__modes": (), "losses__l1": 0.0, "losses__l2": 1.0}  # L1's median may be anything between
    train(small("two-answers", **plain), labelled_once, tmp_path / "one", steps=STEPS)
    assert 0.25 < backing_gain(Separator(tmp_path / "one")) < 0.75
    assert backing_gain(Separator(divided, mode="lead")) < 0.2
    assert backing_gain(Separator(divided, mode="all")) > 0.8


def test_the_mode_is_given_at_use_and_told(divided, tmp_path):
    audio.write(tmp_path / "song.wav", noise(1, 0.3))
    voices = {}
    for mode in (None, "lead", "all"):
        written = separate(divided, [tmp_path / "song.wav"], tmp_path / str(mode), mode=mode)
        voices[mode] = audio.read(written[0]).samples
        assert json.loads((tmp_path / str(mode) / "song.json").read_text())["mode"] == (mode or "lead")
    assert np.array_equal(voices[None], voices["lead"])
    assert not np.allclose(voices["all"], voices["lead"], atol=1e-3)


def test_a_mode_that_there_is_not_is_refused_in_one_line(divided, tmp_path):
    with pytest.raises(BadInput, match=r"mode chorus: this checkpoint has lead, all"):
        Separator(divided, mode="chorus")
    recipe = small()
    store.save(tmp_path / "plain", WaveUNet(recipe.network).state_dict(), recipe, {"step": 0})
    with pytest.raises(BadInput, match=r"mode all: this checkpoint gives one answer only"):
        separate(tmp_path / "plain", [tmp_path / "song.wav"], tmp_path / "out", mode="all")


@pytest.mark.parametrize("answer", [0, 1])
def test_tiles_of_each_answer_are_the_whole(answer):
    torch.manual_seed(0)
    network = WaveUNet(small("two-answers", network__levels=4).network).eval()
    song, choice = noise(0, 0.5).samples, Choice(answer=answer)
    whole = np.concatenate(list(rendering.tiled(network, [song], 1, choice=choice)), axis=1)
    parts = np.array_split(song, 7, axis=1)
    tiles = np.concatenate(list(rendering.tiled(network, parts, 1, frames=100, choice=choice)), axis=1)
    np.testing.assert_allclose(tiles, whole, atol=1e-6)
    blocks = torch.from_numpy(np.pad(song, ((0, 0), (network.config.margin, 0))))[None]
    assert network(blocks[..., : network.config.window(500).input]).shape[:3] == (1, 2, 2)


def song(*references):
    band, *voices = (sound.samples for sound in (noise(9, 0.5), *references))
    return Song("one", RATE, tuple(map(str, range(len(voices)))), np.stack([band, *voices]))


def batch_of(songs, numbers):
    sources = torch.from_numpy(np.stack([songs[number].sources for number in numbers]))
    targets = torch.stack([sources[:, :1].expand_as(sources[:, 1:]), sources[:, 1:]], dim=2)
    return Batch(sources[:, 0] + sources[:, 1], targets, None, 1, torch.tensor(numbers))


def test_a_song_with_both_references_teaches_each_answer_the_one_of_its_loudness():
    quiet, loud = tone(level=0.1, seconds=0.5), tone(level=0.4, seconds=0.5)
    songs = [song(quiet, loud), song(loud, quiet), song(loud)]
    choice = ModeChoice(small("two-answers"), songs)
    assert choice.known.tolist() == [[0, 1], [1, 0], [INFERRED, INFERRED]]
    taught = choice.taught(batch_of(songs[:2], [0, 0, 1, 1]), torch.tensor([0, 1, 0, 1]))
    levels = taught.targets[:, 0, 1].abs().amax((1, 2)).tolist()
    assert levels == pytest.approx([0.1, 0.4, 0.1, 0.4], rel=0.01)


def answers_at(*levels, count=1):
    """Return answers whose vocals are a tone at these levels."""
    voices = torch.stack([torch.from_numpy(tone(level=level, seconds=0.5).samples) for level in levels])
    return torch.stack([torch.zeros_like(voices), voices], dim=1).expand(count, -1, -1, -1, -1)


def test_answers_are_named_by_how_loud_they_are():
    songs = [song(tone(seconds=0.5))]
    for levels, names in {(0.1, 0.4): ["lead", "all"], (0.4, 0.1): ["all", "lead"]}.items():
        choice = ModeChoice(small("two-answers"), songs)
        choice.learn(answers_at(*levels), batch_of(songs, [0]), 0)
        assert choice.names() == names


def test_a_song_keeps_to_one_answer_until_its_excerpts_together_say_otherwise():
    songs = [song(tone(level=0.4, seconds=0.5)), song(tone(level=0.1, seconds=0.5))]
    choice = ModeChoice(small("two-answers", modes__start=0.0), songs)
    both = batch_of(songs, [0, 1])
    for step in range(20):
        assert choice.learn(answers_at(0.15, 0.35, count=2), both, step).tolist() == [1, 0]
    deceptive = replace(batch_of(songs, [1, 1]), songs=torch.tensor([0, 0]))
    assert choice.learn(answers_at(0.15, 0.35, count=2), deceptive, 20).tolist() == [1, 1]
    choice.forget_songs()
    assert not choice.costs.any()


def test_validation_takes_the_answer_that_is_nearest():
    songs = [song(tone(level=0.4, seconds=0.5))]
    answers = answers_at(0.1, 0.35)
    assert torch.equal(nearest_answer(answers, batch_of(songs, [0]).targets), one_answer(answers, torch.tensor([1])))


def test_a_checkpoint_from_before_there_were_modes_is_the_same_separator(tmp_path):
    recipe = small()
    torch.manual_seed(1)
    facts = recipe.model_dump(mode="json")
    del facts["modes"], facts["network"]["modes"]
    weights = WaveUNet(recipe.network).state_dict()
    cards.save(
        tmp_path / "old", weights, {"kind": "separator", "version": 1, "class": "WaveUNet", "recipe": facts, "step": 3}
    )
    loaded = store.load(tmp_path / "old")
    assert loaded.modes == ()
    assert loaded.recipe == recipe
    assert loaded.network.output.weight.shape[0] == 1


def test_modes_that_cannot_be_are_refused():
    with pytest.raises(BadInput, match="at least two different names"):
        small("two-answers", network__modes=("lead",))
    with pytest.raises(BadInput, match=r"network.modes: no losses.unpaired"):
        small("two-answers", losses__additivity=0.1)
