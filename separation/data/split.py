"""Which songs are learned from, and which are held out to choose the best checkpoint by."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lossmodel.errors import BadInput
from separation.data.stems import Song, content_hash
from separation.recipe import Recipe

MIN_SONGS_TO_SPLIT = 3
"""Fewer songs than these are all learned from, unless songs to hold out are named."""

TRAIN_FOLDER, TEST_FOLDER = "train", "test"
"""Parts of a collection that says what is to be learned from, such as MUSDB18."""

Loader = Callable[[Path], list[Song]]


def training_folder(folder: Path, remark: Callable[[str], None]) -> Path:
    """Return the folder whose songs are learned from: of a collection with `train` and `test`, the former.

    `remark` is told which part is taken, and of songs that are meant for a test.
    """
    if (folder / TRAIN_FOLDER).is_dir() and (folder / TEST_FOLDER).is_dir():
        remark(f"{folder}: has {TRAIN_FOLDER} and {TEST_FOLDER}; training uses {TRAIN_FOLDER} only")
        return folder / TRAIN_FOLDER
    if folder.name == TEST_FOLDER and folder.with_name(TRAIN_FOLDER).is_dir():
        remark(f"{folder}: training uses the test songs of {folder.parent}; do not report results on them")
    return folder


def split(
    found: Sequence[Song], recipe: Recipe, validation: Path | None, load: Loader
) -> tuple[list[Song], list[Song]]:
    """Return (songs to learn from, held-out songs).

    Held out are the songs of the folder `validation`, or of `found` those that a text file lists, a name a line, or
    the recipe's share. `BadInput` for a song in both, a name that no song has, a list of all of them.
    """
    if validation is None:
        return _by_share(found, recipe)
    kept, held = _by_list(found, validation) if validation.is_file() else (list(found), load(validation))
    hashes = {content_hash([song.sources]) for song in kept}
    if twice := [song.name for song in held if content_hash([song.sources]) in hashes]:
        raise BadInput(f"{validation}: {twice[0]} is also in the training songs; remove it from one of them")
    if not kept:
        raise BadInput(f"{validation}: lists every song; leave some for training")
    return kept, held


def _by_list(found: Sequence[Song], file: Path) -> tuple[list[Song], list[Song]]:
    wanted = {line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()}
    if unknown := sorted(wanted - {song.name for song in found}):
        raise BadInput(f"{file}: {unknown[0]} is not one of the songs, such as {found[0].name}")
    if not wanted:
        raise BadInput(f"{file}: lists no song; write one name per line")
    return [song for song in found if song.name not in wanted], [song for song in found if song.name in wanted]


def _by_share(found: Sequence[Song], recipe: Recipe) -> tuple[list[Song], list[Song]]:
    held = held_out_numbers(len(found), recipe)
    return [s for n, s in enumerate(found) if n not in held], [s for n, s in enumerate(found) if n in held]


def held_out_numbers(count: int, recipe: Recipe) -> set[int]:
    """Return which of so many songs the recipe's share holds out."""
    if not recipe.data.validation or count < MIN_SONGS_TO_SPLIT:
        return set()
    held = max(1, round(recipe.data.validation * count))
    return set(np.random.default_rng(recipe.seed).permutation(count)[:held].tolist())
