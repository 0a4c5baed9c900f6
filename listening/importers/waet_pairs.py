"""Pairs of the Web Audio Evaluation Tool: which of two was chosen (AB), or which of two was taken for a third (ABX).

AB asks by its own title what is chosen; ABX asks which of A and B is X, and so is a pair with a reference: X. Where X
is one of the two at random, a page is two items, one for each X, as their references differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.text import slugify

from listening.importers.naming import Naming
from listening.importers.published import Line
from listening.importers.sounds import Made
from listening.importers.tables import number
from listening.importers.waet_saves import ROLES, Element, Page, Save
from listening.models import Role
from listening.stimuli import Excerpt
from lossmodel.errors import BadInput

AB, ABX = "ab", "abx"
PAIRED = frozenset({AB, ABX})
METHODS: Mapping[str, tuple[str, str]] = {AB: ("ab", "preference"), ABX: ("ab-reference", "likeness")}
"""The preset and its attribute of each interface."""
X = "-X"
"""What the tool adds to the id of the element that A and B are compared with."""


@dataclass(frozen=True)
class Pair:
    """Two elements in the order they were shown, what each was given (0 or 100), and X where there is one."""

    where: str
    sitting: str
    assessor: str
    item: str
    position: int
    seconds: float | None
    elements: Sequence[Element]
    scores: Sequence[float]
    reference: Element | None


def pairs_of(path: Path, save: Save, interface: str, left_out: list[str]) -> Iterator[Pair]:
    """Yield the pairs of a sitting; pages of more than two sounds, and without a choice, are left out and named."""
    for position, page in enumerate(save.pages):
        name = f"{save.file.name}: page {page.ref!r}"
        two, x = _two(page, interface)
        if len(two) != 2:
            left_out.append(f"{name}: {len(two)} sounds to choose from, but a pair has two")
            continue
        where = f"{save.file}: page {page.ref!r}"
        scores = [100 * number(f"{where}, {one.id}", "value", value) for one in two for _axis, value in one.values[:1]]
        if sorted(scores) == [0, 0]:
            left_out.append(f"{name}: nothing was chosen")
            continue
        if sorted(scores) != [0, 100]:
            raise BadInput(
                f"{where}: values {', '.join(f'{score / 100:g}' for score in scores)}; in a pair exactly one must be 1"
            )
        assessor = f"{slugify(path.resolve().name)[:40]}-{save.key}"
        item = page.item if x is None else f"{page.item} (X = {x.id.removesuffix(X)})"
        yield Pair(where, f"{save.file.stem} pairs", assessor, item, position, page.seconds, two, scores, x)


def material_of_pairs(
    pairs: Sequence[Pair], named: Naming, interface: str
) -> tuple[list[Line], dict[str, Any], list[str]]:
    """Return the ratings, what a `Published` needs besides, and notes."""
    preset, attribute = METHODS[interface]
    met: dict[str, list[frozenset[str]]] = {}
    lines: list[Line] = []
    for pair in pairs:
        names = [named.names[pair.item][one.id] for one in pair.elements]
        known = met.setdefault(pair.item, [])
        if frozenset(names) not in known:
            known.append(frozenset(names))
        lines += [
            Line(
                pair.where, pair.sitting, pair.assessor, attribute, pair.item, name, score, pair.position, pair.seconds,
                known.index(frozenset(names)),
            )
            for name, score in zip(names, pair.scores, strict=True)
        ]  # fmt: skip
    notes = [named.note] if named.note else []
    if interface == AB:
        notes.append("pairs without a reference: no objective can be fitted to them")
    return lines, {"preset": preset, **_material(pairs, named)}, notes


def _two(page: Page, interface: str) -> tuple[list[Element], Element | None]:
    """Return the elements of the pair as they were shown, and X (None for AB)."""
    shown = sorted(page.rated, key=lambda one: one.presented)
    if interface == AB:
        return shown, None
    x = next((one for one in page.elements if one.id.endswith(X)), None)
    return [one for one in shown if one is not x], x


def _material(pairs: Sequence[Pair], named: Naming) -> dict[str, Any]:
    items: dict[str, dict[str, Element]] = {}
    references: dict[str, Element] = {}
    roles: dict[str, Role] = {}
    for pair in pairs:
        for one in pair.elements:
            name = named.names[pair.item][one.id]
            items.setdefault(pair.item, {})[name] = one
            roles[name] = ROLES.get(one.type, Role.SYSTEM)
        if pair.reference:
            references[pair.item] = pair.reference
    return {
        "excerpts": [
            Excerpt(
                item,
                {"reference": references[item].file} if item in references else {},
                {name: one.file for name, one in own.items()},
            )
            for item, own in items.items()
        ],
        "roles": roles,
        "made": {
            item: Made(
                gains={name: one.gain for name, one in own.items()},
                reference_gains={"reference": references[item].gain} if item in references else {},
            )
            for item, own in items.items()
        },
    }
