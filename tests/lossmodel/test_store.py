"""Weights and their card come back as they went, or not at all."""

import pytest
import torch

from lossmodel import store
from lossmodel.errors import BadInput

CARD = {"kind": "example", "version": 1, "seed": 7}


def tensors() -> dict[str, torch.Tensor]:
    grid = torch.arange(6.0).reshape(2, 3)
    return {"grid": grid, "turned": grid.T, "steps": torch.tensor(5)}


def test_tensors_and_card_come_back(tmp_path):
    store.save(tmp_path / "kept", tensors(), CARD)
    found, card = store.load(tmp_path / "kept", kind="example")
    assert {name: value.tolist() for name, value in found.items()} == {n: v.tolist() for n, v in tensors().items()}
    assert card["seed"] == 7


def test_the_same_content_has_the_same_name_and_another_card_another(tmp_path):
    first = store.save(tmp_path / "a", tensors(), CARD)
    assert store.save(tmp_path / "b", tensors(), CARD) == first
    assert store.save(tmp_path / "c", tensors(), {**CARD, "seed": 8}) != first
    assert store.fingerprint(tmp_path / "a") == first


def test_another_user_may_read_what_was_saved(tmp_path):
    store.save(tmp_path / "kept", tensors(), CARD)
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in (tmp_path / "kept").iterdir())


def test_saving_again_replaces_the_folder(tmp_path):
    store.save(tmp_path / "kept", tensors(), CARD)
    store.save(tmp_path / "kept", {"other": torch.zeros(1)}, CARD)
    assert set(store.load(tmp_path / "kept")[0]) == {"other"}


def test_damaged_weights_are_refused(tmp_path):
    store.save(tmp_path / "kept", tensors(), CARD)
    weights = tmp_path / "kept" / store.WEIGHTS_FILE
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BadInput, match="damaged"):
        store.load(tmp_path / "kept")


def test_a_folder_that_is_missing_incomplete_foreign_or_of_another_kind_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        store.load(tmp_path / "nowhere")
    store.save(tmp_path / "kept", tensors(), CARD)
    with pytest.raises(BadInput, match="'example', 'separator' is needed"):
        store.load(tmp_path / "kept", kind="separator")
    (tmp_path / "kept" / store.WEIGHTS_FILE).unlink()
    with pytest.raises(BadInput, match="incomplete"):
        store.load(tmp_path / "kept")
    (tmp_path / "kept" / store.CARD_FILE).write_text('{"model": "somebody else\'s"}')
    with pytest.raises(BadInput, match="not a card"):
        store.load(tmp_path / "kept")


def test_a_card_without_kind_is_a_programming_error(tmp_path):
    with pytest.raises(ValueError, match="kind"):
        store.save(tmp_path / "kept", tensors(), {"version": 1})
    assert not (tmp_path / "kept").exists()
