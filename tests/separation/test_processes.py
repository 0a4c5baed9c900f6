"""Two processes train one separator as one process would with the whole batch."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lossmodel import audio
from lossmodel.cli import EXIT_BAD_INPUT
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

PLAIN = {"batch": 4, "steps": 4, "checkpoint_every": 2}

TOGETHER = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path.cwd()))  # a launched script looks beside itself, not where it is started
from tests.separation.test_processes import together
together(Path(sys.argv[1]))
"""


def together(folder: Path) -> None:
    """Do in one of two processes what this file's tests look at: to start a process costs more than any of it."""
    train_all(folder, folder / "two")
    shared = ["train", "--recipe", "tiny", "--data", folder / "songs", "--output"]
    plain = [*shared, folder / "commanded", "--override", *overrides()]
    assert command(*plain, "--steps", 2) == command(*plain, "--resume") == 0
    assert command(*shared, folder / "refused", "--override", "batch=3") == EXIT_BAD_INPUT


def command(*arguments: object) -> int:
    """Return the exit status of `python -m separation`, run in this process."""
    sys.argv = ["separation", *map(str, arguments)]
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("separation", run_name="__main__")
    return ended.value.code or 0


def train_all(folder: Path, output: Path) -> None:
    """Train every recipe that comes with the package for some steps."""
    for name in RECIPES:
        recipe = small(name, **SHORT)
        objective = folder / "objective" if "perceptual" in recipe.losses.weights else None
        train(recipe, folder / "learned", output / name, objective=objective)


def overrides() -> list[str]:
    return [f"{key.replace('__', '.')}={json.dumps(value)}" for key, value in {**SMALL, **PLAIN}.items()]


@pytest.fixture(scope="module")
def alone_and_together(tmp_path_factory):
    """Return a folder with the trainings of one process and of two, and what the two said."""
    folder = tmp_path_factory.mktemp("processes")
    songs(folder / "songs", count=2, seconds=2.0)
    music = songs(folder / "learned", count=2, seconds=2.0)
    for number in range(2):
        parts = song(100 + number, 2.0, RATE)
        for kind, name in (("mixtures", "mixture"), ("vocals", "vocals"), ("accompaniments", "accompaniment")):
            audio.write(music / "unpaired" / kind / f"{number}.wav", parts[name])
    objectives.save(simulate.listener(), folder / "objective", card={})
    (folder / "together.py").write_text(TOGETHER)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    launched = [sys.executable, "-W", "ignore", *launcher, str(folder / "together.py"), str(folder)]
    done = subprocess.run(launched, check=False, capture_output=True, text=True, cwd=Path.cwd(), timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    train_all(folder, folder / "one")
    return folder, done


def records(folder):
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    timed = ("seconds", "loading")
    return [{key: value for key, value in json.loads(line).items() if key not in timed} for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_two_processes_take_the_steps_of_one_with_every_recipe(name, alone_and_together):
    folder, _done = alone_and_together
    one, two = folder / "one" / name, folder / "two" / name
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


@pytest.mark.slow
def test_two_processes_with_half_a_batch_each_are_one_with_the_whole(tmp_path, alone_and_together):
    folder, done = alone_and_together
    assert done.stdout.count("last") == 2, "each of two commands names the checkpoint once, not once a process"
    train(small(**PLAIN), folder / "songs", tmp_path / "one")
    resumed = folder / "commanded"
    one, two = (store.load(each / "last").network.state_dict() for each in (tmp_path / "one", resumed))
    for name, weight in one.items():
        torch.testing.assert_close(two[name], weight, atol=1e-5, rtol=1e-4)
    assert [record["step"] for record in records(resumed)] == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_batch_that_cannot_be_shared_is_refused_in_one_line(alone_and_together):
    folder, done = alone_and_together
    assert "batch = 3 cannot be divided among 2 processes; give a multiple" in done.stderr
    assert not (folder / "refused").exists()
