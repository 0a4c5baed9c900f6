"""A training learns, stops at any step, and goes on as if it had not stopped."""

import errno
import json
import signal
import subprocess
import sys
from functools import partialmethod
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError

from lossmodel import store as cards
from lossmodel.errors import BadInput
from separation import store
from separation.data.stems import songs as decoded
from separation.data.synthetic import write_songs
from separation.evaluate import evaluate
from separation.losses import terms
from separation.networks.waveunet import WaveUNet
from separation.training import resume
from separation.training.loop import train
from tests.separation.builders import RATE, small, songs


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Return a folder of two short synthetic songs."""
    return songs(tmp_path_factory.mktemp("music") / "songs")


def test_a_training_needs_an_extra_and_names_it(music, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    with pytest.raises(BadInput, match=r"pip install 'hearback\[train\]'"):
        train("tiny", str(music), str(tmp_path / "run"))


class Stop(Exception):
    """What a cancelled run's report raises."""


def stopping(at, error=Stop):
    """Return a report that raises at that step."""

    def report(step, steps):
        if step == at:
            raise error

    return report


def weights(folder):
    return store.load(folder / "last").network.state_dict()


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def lines(output):
    return [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]


def test_twenty_steps_are_ten_a_cancellation_and_ten_more(music, tmp_path):
    recipe = small(optimiser__ema=0.9, losses__balance=True)
    train(recipe, music, tmp_path / "whole")
    with pytest.raises(Stop):
        train(recipe, music, tmp_path / "parts", report=stopping(13))
    train(recipe, music, tmp_path / "parts", resume=True)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    totals = [[record["total"] for record in lines(tmp_path / name)] for name in ("whole", "parts")]
    assert totals[0] == totals[1]
    assert len(totals[0]) == 20


def test_an_adversarial_training_resumes_bit_for_bit_too(music, tmp_path):
    recipe = small("gan", steps=8, adversarial__start=0.25, adversarial__ahead=0.0)
    train(recipe, music, tmp_path / "whole")
    with pytest.raises(Stop):
        train(recipe, music, tmp_path / "parts", report=stopping(5))
    train(recipe, music, tmp_path / "parts", resume=True)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    assert {"adversarial", "matching", "discriminator"} <= lines(tmp_path / "parts")[-1].keys()


KILLED = """
import os, signal, sys
from pathlib import Path
from separation.training.loop import train
from tests.separation.builders import small
def report(step, steps):
    if step == 13:
        os.kill(os.getpid(), signal.{how})
train(small(), Path(sys.argv[1]), Path(sys.argv[2]), report=report)
"""


def end_by(how, music, output):
    """Train in another process that is sent a signal at step 13; return its exit status."""
    command = [sys.executable, "-c", KILLED.format(how=how), str(music), str(output)]
    return subprocess.run(command, check=False, capture_output=True, cwd=Path.cwd()).returncode


def test_a_killed_machine_costs_the_steps_since_the_last_checkpoint_and_nothing_else(music, tmp_path):
    assert end_by("SIGKILL", music, tmp_path / "killed") == -signal.SIGKILL
    assert [path.name for path in resume.states(tmp_path / "killed")] == ["000000010"]
    train(small(), music, tmp_path / "killed", resume=True)
    train(small(), music, tmp_path / "whole")
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "killed"))
    assert [record["step"] for record in lines(tmp_path / "killed")] == list(range(1, 21))


def test_ctrl_c_finishes_the_step_and_keeps_everything(music, tmp_path):
    assert end_by("SIGINT", music, tmp_path / "run") != 0
    assert [path.name for path in resume.states(tmp_path / "run")] == ["000000013"]
    assert store.load(tmp_path / "run").card["step"] == 13


def test_more_steps_can_be_asked_for_later_but_not_another_network(music, tmp_path):
    train(small(), music, tmp_path / "run", steps=4)
    train(small(), music, tmp_path / "run", steps=6, resume=True)
    assert store.load(tmp_path / "run").card["step"] == 6
    with pytest.raises(BadInput, match=r"network\.filters differ"):
        train(small(network__filters=5), music, tmp_path / "run", resume=True)
    with pytest.raises(BadInput, match="holds a training already"):
        train(small(), music, tmp_path / "run")


def test_resuming_what_has_not_begun_begins(music, tmp_path):
    train(small(), music, tmp_path / "run", steps=2, resume=True)
    assert store.load(tmp_path / "run").card["step"] == 2


def test_one_excerpt_is_learned_by_heart(tmp_path):
    folder = songs(tmp_path / "one", count=1, seconds=1.0)
    plain = {"data__remix": 0.0, "data__gain": (1.0, 1.0), "losses__mrstft": 0.0, "optimiser__learning_rate": 3e-3}
    recipe = small(network__levels=5, network__filters=8, data__anywhere=1.0, data__seconds=0.5, batch=4, **plain)
    train(recipe, folder, tmp_path / "run", steps=150)
    scores = evaluate(tmp_path / "run", folder)["mean"]
    assert scores["si_sdr"] > scores["mixture_si_sdr"] + 5


@pytest.mark.slow
def test_two_seconds_of_music_are_learned_by_heart_to_twelve_decibels(tmp_path):
    write_songs(tmp_path / "one", [3], 2.0, RATE)
    plain = {"data__remix": 0.0, "data__gain": (1.0, 1.0), "data__anywhere": 1.0, "data__seconds": 0.5, "batch": 4}
    net = {"network__levels": 7, "network__filters": 12, "network__kernel_down": 15}
    learning = {"losses__mrstft": 0.0, "optimiser__learning_rate": 1e-3, "optimiser__ema": 0.97}
    train(small(**plain, **net, **learning, checkpoint_every=240), tmp_path / "one", tmp_path / "run", steps=240)
    scores = evaluate(tmp_path / "run", tmp_path / "one")["mean"]
    assert scores["mixture_si_sdr"] < 3
    assert scores["si_sdr"] > 12


def test_held_out_songs_choose_the_best_checkpoint(tmp_path):
    folder = songs(tmp_path / "three", count=3, seconds=2.0)
    chosen = train(small(data__validation=0.3), folder, tmp_path / "run")
    assert chosen == tmp_path / "run" / "best"
    last, best = (store.load(tmp_path / "run" / name).card["validation"] for name in ("last", "best"))
    assert best <= last


def test_a_warm_start_begins_where_another_training_ended(music, tmp_path):
    first = train(small(), music, tmp_path / "first")
    begun = small(init=str(tmp_path / "first"), optimiser__learning_rate=1e-12, optimiser__ema=0.0)
    train(begun, music, tmp_path / "second", steps=1)
    torch.testing.assert_close(weights(tmp_path / "second"), weights(tmp_path / "first"), atol=1e-6, rtol=0)
    assert store.load(tmp_path / "second").card["inputs"]["init"] == cards.fingerprint(first)
    with pytest.raises(BadInput, match="another network"):
        train(small(init=str(tmp_path / "first"), network__filters=5), music, tmp_path / "third")


def test_a_step_without_a_finite_gradient_is_left_out_and_too_many_end_the_training(music, tmp_path, monkeypatch):
    broken = {3}

    def sometimes(estimates, targets):
        sometimes.calls += 1
        return (estimates.unsqueeze(1) - targets).abs().mean((2, 3, 4)) / (0.0 if sometimes.calls in broken else 1.0)

    sometimes.calls = 0
    monkeypatch.setitem(terms.RECONSTRUCTION_TERMS, "l1", sometimes)
    recipe = small(losses__mrstft=0.0)
    train(recipe, music, tmp_path / "once", steps=5)
    assert all(torch.isfinite(weight).all() for weight in weights(tmp_path / "once").values())
    assert [record["total"] is None for record in lines(tmp_path / "once")] == [False, False, True, False, False]
    broken |= set(range(1000))
    with pytest.raises(BadInput, match=r"no finite gradient for 10 steps.*learning_rate"):
        train(recipe, music, tmp_path / "always")


def test_a_full_disc_is_said_in_one_line_and_what_was_kept_stays(music, tmp_path):
    with pytest.raises(BadInput, match="disk is full; make room and resume"):
        train(small(), music, tmp_path / "run", report=stopping(12, OSError(errno.ENOSPC, "No space left on device")))
    train(small(), music, tmp_path / "run", resume=True)
    assert store.load(tmp_path / "run").card["step"] == 20


def test_a_disc_that_fills_up_while_weights_or_songs_are_written_is_one_line(music, tmp_path, monkeypatch):
    def full(*_, **__):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    def partly(*_, **__):
        raise OSError("1000000 requested and 38384 written")

    for module, name, raising in ((cards, "save_file", full), (np, "save", partly)):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, raising)
            with pytest.raises(BadInput, match="disk is full; make room and resume"):
                train(small(), music, tmp_path / name / "run", steps=1)


def test_too_little_memory_names_the_settings_to_lower(music, tmp_path):
    with pytest.raises(BadInput, match="lower batch"):
        train(small(), music, tmp_path / "run", report=stopping(1, torch.OutOfMemoryError("CUDA out of memory")))


def test_what_does_not_fit_is_said_before_anything_is_written(music, tmp_path):
    (tmp_path / "file").write_text("")
    for words, call in {
        "is a file": lambda: train(small(), music, tmp_path / "file"),
        "device tpu: unknown": lambda: train(small(), music, tmp_path / "run", device="tpu"),
        "CUDA devices here": lambda: train(small(), music, tmp_path / "run", device="cuda:99"),
        "no such folder": lambda: train(small(), tmp_path / "nothing", tmp_path / "run"),
        "give an objective": lambda: train(small("perceptual"), music, tmp_path / "run"),
        "steps = 0": lambda: train(small(), music, tmp_path / "run", steps=0),
        "needs excerpts of at least 1 s, these have 0.4": lambda: train(
            small("perceptual", data__seconds=0.4), music, tmp_path / "run", objective=tmp_path
        ),
        "no perceptual loss": lambda: train(small(), music, tmp_path / "run", objective=tmp_path),
    }.items():
        with pytest.raises(BadInput, match=words):
            call()
    assert not (tmp_path / "run").exists()


def test_a_damaged_state_is_not_resumed(music, tmp_path):
    train(small(), music, tmp_path / "run", steps=2)
    (place,) = resume.states(tmp_path / "run")
    file = place / cards.WEIGHTS_FILE
    file.write_bytes(file.read_bytes()[:-4] + b"oops")
    with pytest.raises(BadInput, match="damaged"):
        train(small(), music, tmp_path / "run", steps=4, resume=True)


def test_a_mixed_precision_recipe_learns(music, tmp_path):
    train(small(precision="bf16-mixed"), music, tmp_path / "run")
    totals = [record["total"] for record in lines(tmp_path / "run")]
    assert sum(totals[-5:]) < sum(totals[:5])


@pytest.mark.slow
def test_a_compiled_training_takes_the_same_steps_under_the_same_names(music, tmp_path, monkeypatch):
    quickly = partialmethod(torch.nn.Module.compile, backend="aot_eager")  # the default one takes a minute
    monkeypatch.setattr(WaveUNet, "compile", quickly)
    for compiled in (False, True):
        torch.compiler.reset()
        train(small(compile=compiled, data__validation=0.0), music, tmp_path / str(compiled), steps=3)
    plain, found = (store.load(tmp_path / name).network.state_dict() for name in ("False", "True"))
    assert plain.keys() == found.keys()
    assert all(torch.allclose(plain[name], found[name], atol=1e-6) for name in plain)


def test_songs_are_decoded_beside_the_training(music, tmp_path):
    train(small(), music, tmp_path / "run", steps=1)
    assert len(decoded(music, rate=RATE, channels=1, cache=tmp_path / ".stems")) == 2
    assert len(list((tmp_path / ".stems").glob("*.npy"))) == 2
