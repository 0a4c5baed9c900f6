"""Every recipe takes steps, stops and goes on bit for bit, on songs that are small enough to do so in seconds."""

import json

import numpy as np
import pytest
import torch

from lossmodel import audio
from lossmodel.errors import BadInput
from separation import store
from separation.config import recipes
from separation.data.batch import Batches
from separation.data.excerpts import Excerpts
from separation.data.stems import Song
from separation.data.stems import songs as decoded
from separation.data.synthetic import song
from separation.data.unpaired import Unpaired, recordings
from separation.networks.config import Window
from separation.training.loop import train
from tests.separation.builders import RATE, noise, small, songs, tone

JUDGES = {"periods": [2], "windows": [128], "width": 4}
QUICK = {
    "steps": 5,
    "checkpoint_every": 2,
    "adversarial__start": 0.0,
    "adversarial__network": JUDGES,
    "unpaired__start": 0.0,
    "unpaired__network": JUDGES,
    "unpaired__steps": 2,
    "metric__network": JUDGES,
    "metric__replay": 4,
}
WITHOUT_LISTENERS = [name for name in recipes() if "perceptual" not in name and "lyrics" not in name]
"""Recipes whose songs are those of this file; characters are resumed in tests/separation/lyrics/test_training.py."""


class Stop(Exception):
    """What a cancelled run's report raises."""


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Return songs with stems beside recordings without."""
    folder = songs(tmp_path_factory.mktemp("music") / "songs", count=2, seconds=2.0)
    for number in range(2):
        parts = song(100 + number, 2.0, RATE)
        for kind, name in (("mixtures", "mixture"), ("vocals", "vocals"), ("accompaniments", "accompaniment")):
            audio.write(folder / "unpaired" / kind / f"{number}.wav", parts[name])
    return folder


def quick(name, **more):
    return small(name, **{**QUICK, **more})


@pytest.mark.parametrize("name", WITHOUT_LISTENERS)
def test_a_recipe_stopped_and_resumed_ends_with_the_same_weights(name, music, tmp_path):
    def stop(step, steps):
        if step == 3:
            raise Stop

    recipe = quick(name)
    train(recipe, music, tmp_path / "whole")
    with pytest.raises(Stop):
        train(recipe, music, tmp_path / "parts", report=stop)
    train(recipe, music, tmp_path / "parts", resume=True)
    one, other = (store.load(tmp_path / run).network.state_dict() for run in ("whole", "parts"))
    assert all(torch.equal(one[key], other[key]) for key in one)
    records = [json.loads(line) for line in (tmp_path / "whole" / "metrics.jsonl").read_text().splitlines()]
    assert recipe.losses.weights.keys() <= records[-1].keys()
    assert all(record["total"] is not None for record in records)


def test_unpaired_songs_are_no_songs_and_missing_ones_are_named(music, tmp_path):
    train(quick("tiny", steps=1), music, tmp_path / "run")
    alone = songs(tmp_path / "songs", count=1, seconds=1.0)
    with pytest.raises(BadInput, match=r"unpaired/mixtures: no recordings; this recipe needs mixtures"):
        train(quick("semi-supervised"), alone, tmp_path / "other")


def test_unpaired_excerpts_have_an_address_and_something_to_hear(music, tmp_path):
    found = recordings(music, rate=RATE, channels=1, cache=tmp_path / "cache")
    drawn = Unpaired(found, Window(400, 100), RATE, seed=1)
    (mixtures, alone), (again, _) = drawn.batch(3, 8), drawn.batch(3, 8)
    assert mixtures.shape == (8, 1, 400)
    assert alone.shape == (8, 2, 1, 100)
    assert torch.equal(mixtures, again)
    assert (mixtures.abs().amax((1, 2)) > 0).all()
    torch.testing.assert_close(drawn.batch(3, 4, first=4)[0], mixtures[4:])


def test_a_silent_recording_is_named(tmp_path):
    for kind in ("mixtures", "vocals", "accompaniments"):
        audio.write(tmp_path / "unpaired" / kind / "one.wav", tone(level=0.0 if kind == "vocals" else 0.5))
    with pytest.raises(BadInput, match=r"vocals/one.wav: silent"):
        recordings(tmp_path, rate=RATE, channels=1, cache=tmp_path / "cache")


@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_made_ahead_is_the_batch_made_when_asked_for(music, count):
    recipe = quick("tiny", network__noise=1, data__speed=(0.9, 1.1), data__polarity=True)
    found = decoded(music, rate=RATE, channels=1, cache=music.parent / "cache")
    excerpts = Excerpts(found, recipe.window, seed=0, speed=recipe.data.speed)
    ahead, asked = Batches(recipe, excerpts), Batches(recipe, excerpts)
    ahead._ahead = count
    for step in (0, 1, 2, 7, 8):
        one, other = ahead.take(step), asked.make(step)
        assert torch.equal(one.mixture, other.mixture)
        assert torch.equal(one.targets, other.targets)
        torch.testing.assert_close(one.cropped_mixture, one.targets[:, 0].sum(1), atol=1e-5, rtol=1e-5)
    ahead.close()


def test_speed_changes_tempo_and_pitch_together_and_sources_alike():
    wave = tone(400.0, 2.0).samples
    song = stems_song(np.stack([noise(1, 2.0).samples, wave]))
    batch = Excerpts([song], Window(4000, 4000), seed=0, speed=(1.5, 1.5)).batch(0, 1)
    spectrum = np.abs(np.fft.rfft(batch[0, 1, 0, 1000:3000].numpy() * np.hanning(2000)))
    assert np.argmax(spectrum) * RATE / 2000 == pytest.approx(600, abs=RATE / 2000)


def stems_song(sources):
    return Song("one", RATE, ("vocals",), sources)


def test_the_newest_checkpoints_stay_and_examples_are_heard(music, tmp_path):
    train(quick("tiny", keep=2, examples_every=2, data__validation=0.0), music, tmp_path / "run")
    assert [path.name for path in sorted((tmp_path / "run").glob("step-*"))] == ["step-000000004", "step-000000005"]
    assert sorted(path.name for path in (tmp_path / "run" / "examples").iterdir()) == [
        "000000002", "000000004", "000000005",
    ]  # fmt: skip
    last = tmp_path / "run" / "examples" / "000000005"
    heard = [f"synthetic-000.{name}" for name in ("mixture", "reference", "vocals")]
    assert sorted(path.name for path in last.glob("synthetic-000.*.flac")) == [f"{name}.flac" for name in heard]
    assert all((last / f"{name}.png").read_bytes().startswith(b"\x89PNG") for name in heard)


def test_events_are_written_for_tensorboard(music, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(quick("tiny", tensorboard=True), music, tmp_path / "run")
    events = EventAccumulator(str(tmp_path / "run" / "events")).Reload()
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    totals = [event.value for event in events.Scalars("total")]
    assert totals == pytest.approx([line["total"] for line in lines])


def test_a_training_without_progress_stops_early_with_the_reason(tmp_path):
    folder = songs(tmp_path / "songs", count=3, seconds=2.0)
    still = quick(
        "tiny", steps=40, checkpoint_every=2, patience=3, data__validation=0.3, optimiser__learning_rate=1e-12,
        optimiser__ema=0.0,
    )  # fmt: skip
    train(still, folder, tmp_path / "run")
    last = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["step"] < 40
    assert "the validation loss has not fallen below" in last["stopped"]
    assert store.load(tmp_path / "run" / "last").card["stopped"] == last["stopped"]
