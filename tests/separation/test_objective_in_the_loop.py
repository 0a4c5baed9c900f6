"""A separator learns from an objective, and is judged by it."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from lossmodel import store as cards
from lossmodel.errors import BadInput
from lossmodel.objective import store as objectives
from lossmodel.objective.fitting import simulate
from separation import store
from separation.config import load
from separation.data.stems import find, read
from separation.evaluate import evaluate
from separation.recipe import Recipe
from separation.training import resume
from separation.training.loop import train
from tests.separation.builders import SMALL, small, songs

PERCEPTUAL = {"data__seconds": 1.2, "losses__l1": 0.05, "losses__perceptual": 1.0, "losses__balance": True}


@pytest.fixture(scope="module")
def objective(tmp_path_factory) -> Path:
    """Return the folder of an objective whose judgement is known."""
    folder = tmp_path_factory.mktemp("objective") / "known"
    objectives.save(simulate.listener(), folder, card={})
    return folder


@pytest.fixture(scope="module")
def music(tmp_path_factory) -> Path:
    return songs(tmp_path_factory.mktemp("music") / "songs", count=1)


def test_training_against_the_objective_raises_what_it_predicts(music, objective, tmp_path):
    recipe = small(**PERCEPTUAL, perceptual__attributes=("interference",), optimiser__ema=0.0)
    train(recipe, music, tmp_path / "start", objective=objective, steps=1)
    train(recipe, music, tmp_path / "run", objective=objective, steps=40)
    before, after = (evaluate(tmp_path / name, music, objective=objective)["mean"] for name in ("start", "run"))
    assert after["interference"] > before["interference"] + 5
    assert store.load(tmp_path / "run").card["inputs"].keys() == {"data", "objective"}


def test_a_perceptual_training_resumes_bit_for_bit(music, objective, tmp_path):
    recipe = small(**PERCEPTUAL, perceptual__ramp=0.5, steps=6, checkpoint_every=3)

    def stop(step, steps):
        if step == 4:
            raise KeyboardInterrupt

    train(recipe, music, tmp_path / "whole", objective=objective)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, music, tmp_path / "parts", objective=objective, report=stop)
    train(recipe, music, tmp_path / "parts", objective=objective, resume=True)
    one, other = (store.load(tmp_path / name).network.state_dict() for name in ("whole", "parts"))
    assert all(torch.equal(one[name], other[name]) for name in one)


FORTY = {
    "steps": 40,
    "checkpoint_every": 20,
    "data.seconds": 1.0,
    "network.channels": 1,
    "adversarial.start": 0.1,
    "adversarial.network": {"periods": [2], "windows": [128], "width": 4},
}

KILLED = """
import os, signal, sys
from pathlib import Path
from separation.training.loop import train
from tests.separation.test_objective_in_the_loop import forty
def report(step, steps):
    if step == 27:
        os.kill(os.getpid(), signal.SIGKILL)
name, music, objective, output = sys.argv[1], *map(Path, sys.argv[2:])
train(forty(name, output.parent), music, output, objective=objective, report=report)
"""


def forty(name: str, folder: Path) -> Recipe:
    """Return forty quick steps of a recipe; of `tiny-perceptual` for gains over a checkpoint."""
    gain = {"perceptual.gain": True, "perceptual.aggregate": "softmin", "init": folder / "start" / "last"}
    return load(name, {**SMALL, **FORTY, **(gain if name == "tiny-perceptual" else {})})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny-perceptual", "perceptual-gan"])
def test_forty_steps_are_twenty_a_killed_machine_and_twenty_more(name, music, objective, tmp_path):
    start = {key: value for key, value in FORTY.items() if not key.startswith("adversarial")}
    train(load("tiny", {**SMALL, **start}), music, tmp_path / "start", steps=2)
    recipe = forty(name, tmp_path)
    train(recipe, music, tmp_path / "whole", objective=objective)
    command = [sys.executable, "-c", KILLED, name, *map(str, (music, objective, tmp_path / "parts"))]
    assert subprocess.run(command, check=False, cwd=Path.cwd()).returncode == -signal.SIGKILL
    assert [path.name for path in resume.states(tmp_path / "parts")] == ["000000020"]
    train(recipe, music, tmp_path / "parts", objective=objective, resume=True)
    one, other = (store.load(tmp_path / run).network.state_dict() for run in ("whole", "parts"))
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_held_out_songs_are_heard_by_an_auditor_that_nobody_follows(objective, tmp_path):
    folder = songs(tmp_path / "songs", count=3, seconds=2.0)
    recipe = small(**PERCEPTUAL, data__validation=0.3, steps=2, checkpoint_every=1)
    train(recipe, folder, tmp_path / "run", objective=objective, auditor=objective)
    card = store.load(tmp_path / "run" / "last").card
    assert card["inputs"]["auditor"] == cards.fingerprint(objective)
    (validation,) = card["validations"]
    assert validation["step"] == 2
    assert validation["auditors"].keys() == {"si_sdr", "auditor"}
    assert 0 <= validation["auditors"]["auditor"] <= 100
    assert 0 <= validation["perceptual"] <= 1.5


def test_an_objective_without_the_attributes_is_refused_with_those_it_has(music, objective, tmp_path):
    recipe = small(**PERCEPTUAL, perceptual__attributes=("warmth",))
    with pytest.raises(BadInput, match=r"predicts quality, interference, similarity, not warmth"):
        train(recipe, music, tmp_path / "run", objective=objective)


@pytest.mark.data
def test_the_vocals_and_accompaniment_of_the_real_songs_make_their_mixtures(data):
    places = find(data / "stems")
    assert len(places) == 3
    for place in places[:2]:
        references, accompaniment = read(place)
        mixture = references["vocals"].samples + accompaniment.samples
        (published,) = (stem for name, stem in _files(place) if name == "mixture")
        error = np.square(mixture - published.samples).sum() / np.square(published.samples).sum()
        assert 10 * np.log10(error) < -15


def _files(place):
    from lossmodel import audio

    return [(path.stem, audio.read(path)) for path in place.iterdir()]
