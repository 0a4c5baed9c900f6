"""Which item and which column a file is, read from its path: whichever way round a folder is laid out.

    <item>/<column>.wav · <column>/<item>.wav · <item>_<column>.wav · MUSDB-like trees (<item>/vocals.wav beside
    mixture.wav, <system>/<item>/vocals.wav) · a CSV manifest (`listening.intake.manifest`)

A column is `reference`, `reference-<name>` (one of several), `mixture`, `accompaniment`, or the name of a condition.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from lossmodel.audio import SUFFIXES

REFERENCE, MIXTURE, ACCOMPANIMENT = "reference", "mixture", "accompaniment"
SPECIAL = frozenset({MIXTURE, ACCOMPANIMENT})

ALIASES: Mapping[str, str] = {
    **dict.fromkeys(
        ("reference", "ref", "target", "clean", "original", "ground-truth", "groundtruth", "gt"), REFERENCE
    ),
    **dict.fromkeys(("ref-vocals", "reference-vocals", "vocals-ref", "vocals-reference"), REFERENCE),
    **dict.fromkeys(("mixture", "mix", "ref-mixture"), MIXTURE),
    **dict.fromkeys(("accompaniment", "instrumental", "no-vocals", "ref-accompaniment", "backing"), ACCOMPANIMENT),
    **dict.fromkeys(("quality", "anchor2-quality", "anchor-quality"), "quality-anchor"),
    **dict.fromkeys(("interferer", "anchor1-interference", "anchor-interference"), "interference-anchor"),
    **dict.fromkeys(("hidden-ref", "hidden-reference"), "hidden-reference"),
}
"""What published tests call the columns that have a name here."""

TARGET_STEMS = frozenset({"vocals", "vocal", "voice"})
OTHER_STEMS = frozenset({"bass", "drums", "other", "others"})
COLLECTIONS = frozenset({"test", "train", "valid", "est", "estimate", "estimates", "separated", "output", "outputs"})
"""Folders that say what kind of files they hold, and belong to no system's name."""


@dataclass(frozen=True)
class Place:
    """Where a file belongs: to an item, as a column."""

    item: str
    column: str


def place(paths: Iterable[str]) -> dict[str, Place | None]:
    """Return the place of each path (`/` between folders); None for what is no sound, or has no place.

    >>> place(["Song/ref.wav", "Song/UMX.wav", "readme.txt"])["Song/ref.wav"]
    Place(item='Song', column='reference')
    """
    paths = list(paths)
    sounds = [path for path in paths if is_sound(path)]
    split = {path: _tokens(path) for path in sounds}
    shared = _shared_folders(list(split.values()))
    split = {path: tokens[shared:] for path, tokens in split.items()}
    found = _musdb(split) or _two_levels(split) or _flat(split)
    return {path: found.get(path) for path in paths}


def is_sound(path: str) -> bool:
    """Tell whether a file is a sound by its suffix (hidden files of file managers are not)."""
    name = PurePosixPath(path).name
    return PurePosixPath(path).suffix.lower() in SUFFIXES and not name.startswith(".") and "__MACOSX" not in path


def column_named(name: str) -> str:
    """Return the column that is called `name`: the usual words for reference, mixture and accompaniment are known.

    >>> column_named("Ref_Vocals"), column_named("ref-lead"), column_named("U-Net v2")
    ('reference', 'reference-lead', 'U-Net v2')
    """
    key = re.sub(r"[\s_-]+", "-", name.strip().casefold())
    if key in ALIASES:
        return ALIASES[key]
    if key.startswith(("reference-", "ref-")):
        return f"{REFERENCE}-{key.partition('-')[2]}"
    return name.strip()


def is_reference(column: str) -> bool:
    """Tell whether a column is an open reference."""
    return column == REFERENCE or column.startswith(f"{REFERENCE}-")


def is_stimulus(column: str) -> bool:
    """Tell whether a column is rated: a system, an anchor or the hidden reference."""
    return not is_reference(column) and column not in SPECIAL


def same_name(name: str) -> str:
    """Return `name` as all its spellings in Unicode have in common (NFC), so that é is é however it was typed."""
    return unicodedata.normalize("NFC", name)


def by_numbers(name: str) -> list[tuple[str, int]]:
    """Return what sorts `song2` before `song10`."""
    return [(text.casefold(), int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", name)]


def _tokens(path: str) -> tuple[str, ...]:
    """Return the folders and the stem of a path, in one spelling."""
    pure = PurePosixPath(same_name(path))
    return (*(column for column in pure.parts[:-1] if column not in {"/", "."}), pure.stem.strip())


def _shared_folders(split: list[tuple[str, ...]]) -> int:
    """Return how many leading folders all files share; a folder that names an item or a column of many is kept."""
    if len(split) < 2:
        return max(0, min((len(tokens) for tokens in split), default=0) - 2)
    shared = 0
    while all(len(tokens) > shared + 1 for tokens in split) and len({tokens[shared] for tokens in split}) == 1:
        shared += 1
    deepest = min(len(tokens) for tokens in split)
    one_item = any(_known(tokens[-1]) for tokens in split) and shared == deepest - 1 and shared
    return shared - 1 if one_item else shared


def _known(token: str) -> bool:
    column = column_named(token)
    return is_reference(column) or column in SPECIAL


def _musdb(split: Mapping[str, tuple[str, ...]]) -> dict[str, Place]:
    """Return the places in a tree where an item's folder holds its stems; nothing where no folder does."""
    folders = {tokens[:-1] for tokens in split.values() if len(tokens) > 1 and column_named(tokens[-1]) == MIXTURE}
    true = {
        folder: folder[-1] for folder in folders if any((*folder, stem) in set(split.values()) for stem in TARGET_STEMS)
    }
    if not true:
        return {}
    items = {name.casefold(): name for name in true.values()}
    found = {path: _stem(tokens, true, items) for path, tokens in split.items()}
    return {path: each for path, each in found.items() if each}


def _stem(tokens: tuple[str, ...], true: Mapping[tuple[str, ...], str], items: Mapping[str, str]) -> Place | None:
    folder, stem = tokens[:-1], tokens[-1]
    if folder in true:
        column = REFERENCE if stem.casefold() in TARGET_STEMS else column_named(stem)
        return None if stem.casefold() in OTHER_STEMS else Place(true[folder], column)
    at = next((at for at, token in enumerate(tokens) if token.casefold() in items), None)
    if at is None:
        return None
    rest = [token for place, token in enumerate(tokens) if place != at]
    if rest and at < len(tokens) - 1:
        target = rest[-1].casefold() in TARGET_STEMS
        rest = rest[:-1] if target and len(rest) > 1 else rest if target or len(rest) == 1 else []
    rest = [token for token in rest if token.casefold() not in COLLECTIONS] or rest[-1:]
    return Place(items[tokens[at].casefold()], column_named("-".join(rest))) if rest else None


def _two_levels(split: Mapping[str, tuple[str, ...]]) -> dict[str, Place]:
    """Return the places of files that lie in folders by item or by column; nothing where they lie flat."""
    deep = {path: tokens[-2:] for path, tokens in split.items() if len(tokens) > 1}
    if 2 * len(deep) < len(split) or not deep:
        return {}
    outer, inner = (Counter(pair[level] for pair in deep.values()) for level in (0, 1))
    columns_outside = _columns_first(outer, inner)
    stems = _without_common_end([pair[1] for pair in deep.values()]) if not columns_outside else {}
    return {
        path: Place(pair[1], column_named(pair[0])) if columns_outside else Place(pair[0], stems[pair[1]])
        for path, pair in deep.items()
    }


def _columns_first(outer: Mapping[str, int], inner: Mapping[str, int]) -> bool:
    """Tell whether folders are columns and files items: by the reference, else there are fewer columns than items."""
    known_outside, known_inside = (any(_known(name) for name in level) for level in (outer, inner))
    if known_outside != known_inside:
        return known_outside
    return len(outer) < len(inner)


def _without_common_end(stems: Iterable[str]) -> dict[str, str]:
    """Return the column that each stem names; an ending like `_vocals` that systems share does not count."""
    named = {stem: column_named(stem) for stem in stems}
    systems = [stem for stem, column in named.items() if is_stimulus(column) and column == stem]
    ends = {re.split(r"[_-]", stem)[-1].casefold() for stem in systems}
    if len(systems) > 1 and len(ends) == 1 and ends <= TARGET_STEMS:
        named |= {stem: re.split(r"[_-][^_-]*$", stem)[0] for stem in systems}
    return named


def _flat(split: Mapping[str, tuple[str, ...]]) -> dict[str, Place]:
    """Return the places of `<item>_<column>` or `<column>_<item>`, split where both halves stand in most names."""
    halves = {path: _halves(tokens[-1]) for path, tokens in split.items()}
    left = Counter(pair[0] for pairs in halves.values() for pair in pairs)
    right = Counter(pair[1] for pairs in halves.values() for pair in pairs)

    def shared(pair: tuple[str, str]) -> tuple[int, int]:
        return min(left[pair[0]], right[pair[1]]), left[pair[0]] * right[pair[1]]

    chosen = {path: max(pairs, key=shared) for path, pairs in halves.items() if pairs}
    columns_first = _columns_first(Counter(pair[0] for pair in chosen.values()), Counter(p[1] for p in chosen.values()))
    return {
        path: Place(pair[1], column_named(pair[0])) if columns_first else Place(pair[0], column_named(pair[1]))
        for path, pair in chosen.items()
    }


def _halves(stem: str) -> list[tuple[str, str]]:
    """Return every way to split a name at a separator."""
    cuts = re.finditer(r"\s+-\s+|__|[_\-. ]", stem)
    pairs = ((stem[: cut.start()].strip("_-. "), stem[cut.end() :].strip("_-. ")) for cut in cuts)
    return [pair for pair in pairs if all(pair)]
