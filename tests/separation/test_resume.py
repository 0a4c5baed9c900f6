"""A training goes on only from what it was: complete, from the same beginning, and with each change on its card."""

import errno
import shutil

import pytest
import torch

from lossmodel.errors import BadInput
from lossmodel.files import read_json
from separation import store
from separation.losses import terms
from separation.training import resume
from separation.training.early_stopping import Validation
from separation.training.loop import train
from tests.separation.builders import small, songs


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Return a folder of two short synthetic songs."""
    return songs(tmp_path_factory.mktemp("music") / "songs", seconds=1.5)


@pytest.fixture(scope="module")
def begun(music, tmp_path_factory):
    """Return the folder of a training of four steps, with a checkpoint every two."""
    output = tmp_path_factory.mktemp("begun") / "run"
    train(quick(), music, output)
    return output


@pytest.fixture
def output(begun, tmp_path):
    """Return a copy of that folder."""
    return shutil.copytree(begun, tmp_path / "run")


def quick(recipe="tiny", **changes):
    return small(recipe, **{"steps": 4, "checkpoint_every": 2, "losses__mrstft": 0.0, **changes})


def changes(output):
    card = store.load(output / "last").card
    return [(each["step"], each["key"], each["before"], each["after"]) for each in card["changes"]]


def remove(output, *names):
    for name in names:
        shutil.rmtree(output / name)


@pytest.mark.parametrize("missing", [["state"], ["state", "last"]])
def test_a_training_whose_state_is_missing_does_not_start_over(music, output, missing):
    remove(output, *missing)
    with pytest.raises(BadInput, match=r"state: there is no state, but \S+ has a checkpoint at step [24]; copy"):
        train(quick(steps=6), music, output, resume=True)


def test_a_disk_that_is_full_at_the_first_state_of_all_does_not_end_a_training(begun, music, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(resume, "save", full)
        with pytest.raises(BadInput, match="make room and resume"):
            train(quick(), music, tmp_path / "run")
    assert store.load(tmp_path / "run" / "last").card["step"] == 2
    train(quick(), music, tmp_path / "run", resume=True)
    assert store.load(tmp_path / "run" / "last").fingerprint == store.load(begun / "last").fingerprint


def test_a_training_of_another_machine_does_not_start_over(music, output, tmp_path):
    with pytest.raises(BadInput, match=r"there is no state, but the list of checkpoints has a checkpoint at step 4"):
        train(quick(steps=6), music, tmp_path / "empty", resume=True, known_step=4)
    with pytest.raises(
        BadInput, match=r"newest state is of step 4, but the list of checkpoints has a checkpoint at step 12"
    ):
        train(quick(steps=6), music, output, resume=True, known_step=12)


def test_a_folder_with_a_checkpoint_and_no_state_is_not_trained_over(music, output):
    remove(output, "state")
    with pytest.raises(BadInput, match="holds a training already"):
        train(quick(), music, output)


def test_a_training_that_died_before_its_first_checkpoint_begins_again(music, output):
    remove(output, "state", "last")
    log = output / "metrics.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:2]))
    train(quick(), music, output, resume=True)
    assert len(log.read_text().splitlines()) == 4


def test_a_training_that_died_between_checkpoint_and_state_goes_on_from_the_state_before(music, output, tmp_path):
    train(quick(), music, tmp_path / "half", steps=2)
    remove(output, "state")
    shutil.copytree(tmp_path / "half" / "state", output / "state")
    (output / "metrics.jsonl").write_text((tmp_path / "half" / "metrics.jsonl").read_text())
    assert store.load(output / "last").card["step"] == 4
    train(quick(steps=3), music, output, resume=True)
    assert store.load(output / "last").card["step"] == 3


def test_what_messages_advise_to_lower_may_be_lowered_and_the_card_says_when(music, output):
    lowered = quick(
        steps=6, batch=1, data__seconds=0.2, optimiser__learning_rate=1e-9, optimiser__clip=1.0, optimiser__ema=0.0
    )
    with pytest.raises(BadInput, match=r"another recipe \(optimiser.ema differ\)"):
        train(lowered, music, output, resume=True)
    lowered = quick(steps=6, batch=1, data__seconds=0.2, optimiser__learning_rate=1e-9, optimiser__clip=1.0)
    train(lowered, music, output, resume=True)
    assert changes(output) == [
        (4, "data.seconds", 0.25, 0.2),
        (4, "optimiser.learning_rate", 0.001, 1e-9),
        (4, "optimiser.clip", 5.0, 1.0),
        (4, "steps", 4, 6),
        (4, "batch", 2, 1),
    ]
    train(quick(steps=8, batch=2), music, output, resume=True)
    assert (6, "batch", 1, 2) in changes(output)
    assert (4, "batch", 2, 1) in changes(output)


def test_a_learning_rate_that_was_lowered_is_the_one_that_is_used(music, output):
    before = resume.load(output)[0]["network"]
    train(quick(steps=6, optimiser__learning_rate=1e-12), music, output, resume=True)
    after = resume.load(output)[0]["network"]
    assert all(torch.allclose(after[name], before[name], atol=1e-9) for name in before)


def test_a_change_is_not_forgotten_when_the_training_dies_before_its_next_checkpoint(music, output, monkeypatch):
    def dies(*_):
        raise OSError("power cut")

    with monkeypatch.context() as patched:
        patched.setitem(terms.RECONSTRUCTION_TERMS, "l1", dies)
        with pytest.raises(OSError, match="power cut"):
            train(quick(steps=6, batch=1), music, output, resume=True)
    train(quick(steps=6, batch=1), music, output, resume=True)
    assert (4, "batch", 2, 1) in changes(output)


def test_other_songs_are_on_the_card_and_the_same_songs_elsewhere_are_not(music, output, tmp_path):
    moved = shutil.copytree(music, tmp_path / "moved")
    train(quick(steps=5), moved, output, resume=True)
    assert changes(output) == [(4, "steps", 4, 5)]
    inputs = store.load(output / "last").card["inputs"]
    shutil.rmtree(moved / "synthetic-001")
    train(quick(steps=6), moved, output, resume=True)
    (change,) = (each for each in changes(output) if each[1] == "data")
    assert change == (5, "data", inputs["data"], store.load(output / "last").card["inputs"]["data"])
    assert change[2] != change[3]


def test_the_checkpoint_a_training_started_from_is_known_by_its_content_and_not_by_its_path(music, begun, tmp_path):
    output, copied = tmp_path / "second", shutil.copytree(begun, tmp_path / "copied")
    train(quick(init=str(begun)), music, output)
    train(quick(init=str(copied / "last"), steps=5), music, output, resume=True)
    assert store.load(output / "last").card["step"] == 5
    other = train(quick(seed=3, steps=1), music, tmp_path / "other")
    with pytest.raises(BadInput, match="was begun with another init"):
        train(quick(init=str(other), steps=6), music, output, resume=True)


def test_validations_on_other_songs_are_not_compared(music, tmp_path):
    held = songs(tmp_path / "held", count=4, seconds=1.0)
    names = [tmp_path / name for name in ("a", "b")]
    for name, number in zip(names, (2, 3), strict=True):
        shutil.copytree(held / f"synthetic-00{number}", name / "song")
    train(quick(), music, tmp_path / "run", validation=names[0])
    train(quick(steps=6), music, tmp_path / "run", validation=names[1], resume=True)
    assert [each["step"] for each in resume.newest_card(tmp_path / "run")["validations"]] == [6]
    assert store.load(tmp_path / "run" / "best").card["step"] == 6
    assert [key for _, key, _, _ in changes(tmp_path / "run")] == ["steps", "validation"]


def test_a_state_knows_its_recipe_and_an_older_one_asks_for_it(music, output):
    (output / "recipe.json").unlink()
    train(quick(steps=5), music, output, resume=True)
    assert (output / "recipe.json").is_file()
    (place,) = resume.states(output)
    card = read_json(place / "card.json")
    older = {key: value for key, value in card.items() if key not in {"recipe", "inputs", "changes"}}
    resume.store.write_json(place / "card.json", {**older, "version": 3})
    train(quick(steps=6), music, output, resume=True)
    (place,) = resume.states(output)
    resume.store.write_json(place / "card.json", {**older, "version": 3})
    (output / "recipe.json").unlink()
    with pytest.raises(BadInput, match=r"recipe\.json: no such file; copy it from where it was trained"):
        train(quick(steps=7), music, output, resume=True)


def test_a_state_of_version_2_is_read_under_todays_names():
    look = {"step": 100, "validation": 0.5, "perceptual": None, "auditors": {"si_sdr": 6.0}}
    parts = {"network": 1, "imitator": 2, "imitator_optimiser": 3, "adversary": 4}
    card = resume.upgraded({"kind": resume.KIND, "version": 2, "step": 100, "parts": parts, "looks": [look]})
    assert card["version"] == resume.VERSION
    assert card["parts"] == {"network": 1, "metric_predictor": 2, "metric_predictor_optimiser": 3, "adversary": 4}
    (validation,) = (Validation(**each) for each in card["validations"])
    assert (validation.step, validation.loss, validation.auditors) == (100, 0.5, {"si_sdr": 6.0})


def test_a_state_of_today_is_taken_as_it_is():
    card = {"version": resume.VERSION, "parts": {}, "validations": []}
    assert resume.upgraded(card) is card
