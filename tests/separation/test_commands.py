"""The shell's side: one clear line and status 2 for what does not fit, and the whole way once."""

import doctest
import importlib
import json
import pkgutil
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import separation
from lossmodel import audio
from separation.config import RECIPES_FOLDER
from tests.separation.builders import SMALL, songs
from tests.waiting import until


def run(*arguments):
    """Run `python -m separation` and return the finished process."""
    command = [sys.executable, "-W", "ignore", "-m", "separation", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path.cwd())


@pytest.fixture
def shell(monkeypatch, capsys):
    """Return a function that runs `python -m separation` in this process: what a refusal needs no new one for."""

    def shell(*arguments):
        monkeypatch.setattr(sys, "argv", ["separation", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            runpy.run_module("separation", run_name="__main__")
        return left.value.code or 0, *capsys.readouterr()

    return shell


def test_a_separator_is_trained_used_and_measured_from_the_shell(tmp_path, shell):
    folder = songs(tmp_path / "songs", count=1, seconds=1.5)
    overrides = [f"{key}={value}" for key, value in {**SMALL, "steps": 3}.items()]
    runs, scores = tmp_path / "run", tmp_path / "scores.json"
    trained = run("train", "--recipe", "tiny", "--data", folder, "--output", runs, "--override", *overrides)
    assert (trained.returncode, trained.stdout.strip()) == (0, str(runs / "last"))
    mixture = folder / "synthetic-000" / "mixture.wav"
    _, separated, _ = shell("separate", "--checkpoint", runs, mixture, "--output", tmp_path / "out")
    assert separated.split() == [str(tmp_path / "out" / f"mixture.{s}.wav") for s in ("vocals", "accompaniment")]
    assert audio.read(tmp_path / "out" / "mixture.vocals.wav").frames == audio.read(mixture).frames
    assert shell("evaluate", "--checkpoint", runs, "--data", folder, "--output", scores)[0] == 0
    assert json.loads(scores.read_text())["songs"][0]["song"] == "synthetic-000"


def test_a_dry_run_lists_the_songs_and_trains_nothing(tmp_path, shell):
    given = ["train", "--recipe", "tiny", "--data", songs(tmp_path / "songs", 1, 1.5), "--output", tmp_path / "run"]
    status, said, _ = shell(*given, "--dry-run")
    assert status == 0
    assert said.splitlines()[-1] == "held out: no songs"
    assert "synthetic-000" in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("train --recipe tinny --data x --output y", "recipe tinny: no such file or recipe; there are tiny"),
        ("train --recipe tiny --data x --output y --override btach=2", "unknown key btach"),
        ("train --recipe tiny --data x --output y --steps 0", "steps = 0: give at least one"),
        ("separate --checkpoint c --output README.md a.wav", "README.md: is a file; give a folder"),
        ("evaluate --checkpoint c --data d --output docs", "docs: is a folder; give a JSON file"),
        ("choose --output o.json", "nothing to compare: give --outputs and --data, or --manifest"),
        ("choose --outputs x --data y --output o.json --page docs", "docs: is a folder; give an HTML file"),
        ("choose --outputs nowhere --data docs --output o.json", "nowhere: no such folder; give one with a folder"),
        ("evaluate --checkpoint README.md/x --data d --output o.json", "README.md/x: no checkpoint here"),
        ("align --checkpoint c --audio a --lyrics l --output o", "o: no format of that name; end it in .json"),
        ("transcribe --checkpoint c --audio a --output o", "c: no checkpoint here"),
        ("evaluate-alignment --annotations a --predictions p", "a: no such folder"),
    ],
)
def test_bad_input_is_one_line_and_status_two(arguments, line, shell):
    status, _, said = shell(*arguments.split())
    assert status == 2
    assert line in said
    assert said.count("\n") == 1


def test_ctrl_c_says_where_everything_is_and_how_to_go_on(tmp_path):
    folder = songs(tmp_path / "songs", count=1, seconds=1.5)
    overrides = [f"{key}={value}" for key, value in {**SMALL, "steps": 100_000}.items()]
    given = ["train", "--recipe", "tiny", "--data", folder, "--output", tmp_path / "run", "--override", *overrides]
    command = [sys.executable, "-W", "ignore", "-m", "separation", *map(str, given)]
    begun = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path.cwd())
    until(lambda: (tmp_path / "run" / "metrics.jsonl").is_file() and (tmp_path / "run" / "last").is_dir(), seconds=120)
    begun.send_signal(signal.SIGINT)
    _, said = begun.communicate(timeout=120)
    assert begun.returncode == 130
    assert said == f"separation: interrupted; {tmp_path / 'run'} has all steps so far; continue with --resume\n"
    steps = len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines())
    assert json.loads((tmp_path / "run" / "last" / "card.json").read_text())["step"] == steps


def test_help_shows_examples(shell):
    for command in ("train", "separate", "evaluate"):
        assert f"python -m separation {command} --" in shell(command, "--help")[1]


@pytest.mark.parametrize("path", sorted(RECIPES_FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_a_recipe_says_what_it_is_for(path):
    assert path.read_text(encoding="utf-8").startswith("# ")


def test_the_examples_in_docstrings_are_true():
    modules = [
        name for _, name, _ in pkgutil.walk_packages(separation.__path__, "separation.") if "__main__" not in name
    ]
    results = [doctest.testmod(importlib.import_module(name)) for name in modules]
    assert sum(result.attempted for result in results) >= 5
    assert sum(result.failed for result in results) == 0
