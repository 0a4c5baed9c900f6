"""Which songs are learned from, and which are held out to choose the best checkpoint by."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from lossmodel.errors import BadInput
from lossmodel.files import read_text
from lossmodel.progress import Report, silent
from separation.data.stems import Song, content_hash, songs, unheard
from separation.recipe import Recipe

MIN_SONGS_TO_SPLIT = 3
"""Fewer songs than these are all learned from, unless songs to hold out are named."""

TRAIN_FOLDER, TEST_FOLDER = "train", "test"
"""Parts of a collection that says what is to be learned from, such as MUSDB18."""

ARTIST = re.compile(r"(?:.*/)?(?P<artist>[^/]+?)(?: - |_-_)[^/]+")
"""Names of songs that say by whom they are: `Artist - Title` (MUSDB18), `Artist_-_Title` (JamendoLyrics)."""

Loader = Callable[[Path], list[Song]]


def chosen_songs(
    recipe: Recipe,
    data: Path,
    validation: Path | None,
    *,
    cache: Path,
    report: Report = silent,
    remark: Callable[[str], None] = unheard,
) -> tuple[list[Song], list[Song]]:
    """Return what a training on `data` takes: (songs to learn from, held-out songs), decoded into `cache`."""
    load = partial(songs, rate=recipe.rate, channels=recipe.channels, cache=cache, report=report, remark=remark)
    return split(load(training_folder(data, remark)), recipe, validation, load)


def training_folder(folder: Path, remark: Callable[[str], None]) -> Path:
    """Return the folder whose songs are learned from: of a collection with `train` and `test`, the former.

    `remark` is told which part is taken, and of songs that are meant for a test. `BadInput` where a collection lies
    deeper in the folder, so that its test songs would be learned from.
    """
    tests = sorted(path for path in folder.rglob("*") if _is_test_part(path))
    if any(path.parent == folder for path in tests):
        remark(f"{folder}: has {TRAIN_FOLDER} and {TEST_FOLDER}; training uses {TRAIN_FOLDER} only")
        return _train_part(folder)
    if tests:
        raise BadInput(f"{folder}: {tests[0]} has songs for a test; give {_train_part(tests[0].parent)}")
    whole = folder.resolve()
    for part in filter(_is_test_part, (whole, *whole.parents)):
        remark(f"{folder}: training uses the test songs of {part.parent}; do not report results on them")
    return folder


def _is_test_part(path: Path) -> bool:
    """Tell whether a folder is the one with the test songs of a collection that has others to learn from."""
    return path.name.lower() == TEST_FOLDER and path.is_dir() and _train_part(path.parent).is_dir()


def _train_part(folder: Path) -> Path:
    """Return the folder `train` of a collection, however it is capitalised."""
    found = (path for path in sorted(folder.iterdir()) if path.name.lower() == TRAIN_FOLDER and path.is_dir())
    return next(found, folder / TRAIN_FOLDER)


def split(
    found: Sequence[Song], recipe: Recipe, validation: Path | None, load: Loader
) -> tuple[list[Song], list[Song]]:
    """Return (songs to learn from, held-out songs).

    Held out are the songs of the folder `validation`, or of `found` those that a text file lists, a name a line, or
    the recipe's share, of other artists than the rest where their names say so. `BadInput` for a song in both, a name
    that no song has, a list of all of them.
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
    wanted = {line.strip() for line in read_text(file).splitlines() if line.strip()}
    if unknown := sorted(wanted - {song.name for song in found}):
        raise BadInput(f"{file}: {unknown[0]} is not one of the songs, such as {found[0].name}")
    if not wanted:
        raise BadInput(f"{file}: lists no song; write one name per line")
    return [song for song in found if song.name not in wanted], [song for song in found if song.name in wanted]


def _by_share(found: Sequence[Song], recipe: Recipe) -> tuple[list[Song], list[Song]]:
    held = held_out_numbers([song.name for song in found], recipe)
    return [s for n, s in enumerate(found) if n not in held], [s for n, s in enumerate(found) if n in held]


def held_out_numbers(names: Sequence[str], recipe: Recipe) -> set[int]:
    """Return which songs of these names the recipe's share holds out.

    All songs of an artist are on the same side, as far as names tell the artist and there are several.
    """
    if not recipe.data.validation or len(names) < MIN_SONGS_TO_SPLIT:
        return set()
    wanted = max(1, round(recipe.data.validation * len(names)))
    groups = _by_artist(names)
    if len(groups) == 1:
        groups = [[number] for number in range(len(names))]
    held: set[int] = set()
    for at in np.random.default_rng(recipe.seed).permutation(len(groups)):
        if len(held) + len(groups[at]) <= wanted:
            held |= set(groups[at])
    smallest = min(range(len(groups)), key=lambda at: len(groups[at]))
    return held or set(groups[smallest])


def artist(name: str) -> str | None:
    """Return by whom a song is, None where its name does not say.

    >>> artist("train/Music Delta - Rock"), artist("Avercage_-_Embers"), artist("take-7")
    ('Music Delta', 'Avercage', None)
    """
    found = ARTIST.fullmatch(name)
    return found["artist"] if found else None


def _by_artist(names: Sequence[str]) -> list[list[int]]:
    """Return the numbers of the songs of each artist; a song whose artist is not known is alone."""
    groups: dict[str | int, list[int]] = {}
    for number, name in enumerate(names):
        groups.setdefault(artist(name) or number, []).append(number)
    return list(groups.values())
