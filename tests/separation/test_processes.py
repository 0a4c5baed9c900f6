"""Two processes train one separator as one process would with the whole batch."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from separation import store
from separation.train import train
from tests.separation.builders import SMALL, small, songs

PLAIN = {"data.remix": 0.0, "data.gain": [1.0, 1.0], "data.swap": False, "batch": 4, "steps": 4, "checkpoint_every": 2}


def together(*arguments, processes=2):
    """Run `python -m separation` as torchrun does, on this machine alone."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, "-W", "ignore", *launcher, "-m", "separation", *map(str, arguments)]
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
    assert "batch = 3 cannot be shared by 2 processes; give a multiple of them" in done.stderr
    assert not (tmp_path / "run").exists()
