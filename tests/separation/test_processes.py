"""Two processes train one separator as one process would with the whole batch."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lossmodel import audio
from lossmodel.objective import store as objectives
from lossmodel.objective.fitting import simulate
from separation import store
from separation.config import recipes as every_recipe
from separation.data.synthetic import song
from separation.training import resume
from separation.training.loop import train
from tests.separation.builders import RATE, SMALL, small, songs

JUDGES = {"periods": [2], "windows": [128], "width": 2}
SHORT = {
    "batch": 4,
    "steps": 3,
    "checkpoint_every": 3,
    "network__filters": 2,
    "network__noise": 1,
    "data__seconds": 1.1,
    "data__validation": 0.0,
    "data__remix": 0.5,
    "perceptual__start": 0.0,
    "perceptual__ramp": 0.0,
    "adversarial__start": 0.0,
    "adversarial__ahead": 0.0,
    "adversarial__network": JUDGES,
    "unpaired__start": 0.0,
    "unpaired__network": JUDGES,
    "unpaired__steps": 2,
    "metric__network": JUDGES,
    "metric__replay": 6,
    "metric__again": 2,
}
"""Every part of a recipe at work from the first step on."""

RECIPES = [name for name in every_recipe() if "lyrics" not in name]
"""Characters are learned in one process."""

TOGETHER = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path.cwd()))  # a launched script looks beside itself, not where it is started
from tests.separation.test_processes import train_all
train_all(*map(Path, sys.argv[1:]))
"""


def train_all(music, objective, output):
    """Train every recipe that comes with the package for some steps."""
    for name in RECIPES:
        recipe = small(name, **SHORT)
        perceptual = "perceptual" in recipe.losses.weights
        train(recipe, music, output / name, objective=objective if perceptual else None)


@pytest.fixture(scope="module")
def alone_and_together(tmp_path_factory):
    """Return the folders of the trainings of one process and of two."""
    folder = tmp_path_factory.mktemp("processes")
    music = songs(folder / "songs", count=2, seconds=2.0)
    for number in range(2):
        parts = song(100 + number, 2.0, RATE)
        for kind, name in (("mixtures", "mixture"), ("vocals", "vocals"), ("accompaniments", "accompaniment")):
            audio.write(music / "unpaired" / kind / f"{number}.wav", parts[name])
    objectives.save(simulate.listener(), folder / "objective", card={})
    (folder / "together.py").write_text(TOGETHER)
    done = launched(folder / "together.py", music, folder / "objective", folder / "two")
    assert done.returncode == 0, done.stderr[-2000:]
    train_all(music, folder / "objective", folder / "one")
    return folder / "one", folder / "two"


def records(folder):
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    timed = ("seconds", "loading")
    return [{key: value for key, value in json.loads(line).items() if key not in timed} for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_two_processes_take_the_steps_of_one_with_every_recipe(name, alone_and_together):
    one, two = (folder / name for folder in alone_and_together)
    assert len(records(one)) == SHORT["steps"]
    for alone, together in zip(records(one), records(two), strict=True):
        rounding = 1e-5 if alone["step"] == 1 else 1e-3  # Adam's steps depend on the signs of the smallest gradients
        assert together == pytest.approx(alone, rel=rounding, abs=1e-5)
    weights = [resume.load(folder)[0]["network"] for folder in (one, two)]
    for key, weight in weights[0].items():
        torch.testing.assert_close(weights[1][key], weight, atol=1e-5, rtol=1e-4)
    if name == "metricgan":
        remembered = [resume.load(folder)[0]["metric_predictor"]["estimates"] for folder in (one, two)]
        torch.testing.assert_close(*remembered, atol=1e-5, rtol=1e-4)


PLAIN = {"batch": 4, "steps": 4, "checkpoint_every": 2}


def together(*arguments):
    """Run `python -m separation` as torchrun does, on this machine alone."""
    return launched("-m", "separation", *arguments)


def launched(*arguments):
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [sys.executable, "-W", "ignore", *launcher, *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path.cwd(), timeout=300)


def overrides(**more):
    values = {**SMALL, **PLAIN, **{key.replace("__", "."): value for key, value in more.items()}}
    return [f"{key}={json.dumps(value)}" for key, value in values.items()]


@pytest.mark.slow
def test_two_processes_with_half_a_batch_each_are_one_with_the_whole(tmp_path):
    music = songs(tmp_path / "songs", count=2, seconds=2.0)
    shared = ["train", "--recipe", "tiny", "--data", music, "--output", tmp_path / "two"]
    first = together(*shared, "--override", *overrides(), "--steps", 2)
    assert first.returncode == 0, first.stderr[-2000:]
    assert first.stdout.count("last") == 1
    second = together(*shared, "--override", *overrides(), "--resume")
    assert second.returncode == 0, second.stderr[-2000:]
    train(small(**{key.replace(".", "__"): value for key, value in PLAIN.items()}), music, tmp_path / "one")
    one, two = (store.load(tmp_path / name / "last").network.state_dict() for name in ("one", "two"))
    for name, weight in one.items():
        torch.testing.assert_close(two[name], weight, atol=1e-5, rtol=1e-4)
    steps = [json.loads(line)["step"] for line in (tmp_path / "two" / "metrics.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_batch_that_cannot_be_shared_is_refused_in_one_line(tmp_path):
    music = songs(tmp_path / "songs", count=1, seconds=1.0)
    done = together("train", "--recipe", "tiny", "--data", music, "--output", tmp_path / "run", "--override", "batch=3")
    assert done.returncode != 0
    assert "batch = 3 cannot be divided among 2 processes; give a multiple" in done.stderr
    assert not (tmp_path / "run").exists()
