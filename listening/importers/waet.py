"""Web Audio Evaluation Tool: a folder of its result files (`save-….xml`, one a sitting) beside the sounds they name.

What the values mean is said by the `interface` of the test's `setup`, which stands in a save or in the test's own XML
file beside them. Values from 0 to 1 of sliders and of discrete grades become ratings from 0 to 100, every axis of a
page (`interface-name`) an attribute, rated in a sitting of its own. AB and ABX become pairs. A ranking or a timeline is
refused in words. An element of type `outside-reference`, else one of type `reference`, is the open reference of its
page; the `gain` of an element, in dB, is applied; `page-repeat-2` is a replicate of `page`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.utils.text import slugify

from listening.importers.import_report import counted
from listening.importers.naming import Naming, naming
from listening.importers.options import BY_ELEMENT, Options
from listening.importers.published import Line, Published
from listening.importers.sounds import Made
from listening.importers.tables import number
from listening.importers.waet_pairs import PAIRED, material_of_pairs, pairs_of
from listening.importers.waet_replies import replies
from listening.importers.waet_saves import REFERENCE, ROLES, Page, Save, read_saves
from listening.models import Role
from listening.presets import AttributeText
from listening.stimuli import HIDDEN_REFERENCE, Excerpt
from lossmodel.errors import BadInput

GRADED = frozenset({"discrete", "radio"})
SLIDERS = GRADED | {"ape", "mushra", "horizontal", "horizontal-sliders", "vertical", ""}
"""Interfaces (in lower case) that give every element a value of its own on a scale from 0 to 1."""

REFUSED: Mapping[str, str] = {
    "ordinal": "a ranking, whose saves do not contain the ranks",
    "timeline": "comments on a timeline, without ratings",
}
ONE_AXIS = "basic-audio-quality"
NOT_ANSWERED = -1.0
"""What a discrete scale saves where no grade was chosen."""


def read(path: Path, options: Options | None = None) -> Published:
    """Read every result file in the folder; sounds are found at their `url` below it, or below the page's `hostURL`."""
    options = options or Options()
    saves, left_out = read_saves(path)
    interface = _interface(path, saves)
    if interface in PAIRED:
        lines, material, notes = _pairs(path, saves, interface, options, left_out)
    else:
        lines, material, notes = _sliders(path, saves, options, left_out)
    if interface in GRADED:
        notes.append("the grades of a discrete scale keep their positions from 0 to 100")
    if not lines:
        raise BadInput(f"{path}: no result file with a rated page: {'; '.join(left_out) or 'all are empty'}")
    questions, said = replies(saves, {line.sitting.rpartition(" ")[0]: line for line in reversed(lines)})
    return Published(
        slug=slugify(path.resolve().name)[:40] or "waet",
        title=path.resolve().name,
        source=f"Web Audio Evaluation Tool, {path.resolve().name}"[:200],
        lines=lines,
        questions=questions,
        said=said,
        notes=notes,
        left_out=left_out,
        **material,
    )


def _interface(path: Path, saves: Sequence[Save]) -> str:
    """Return the interface of the test in lower case, "" where untold; `BadInput` for one without ratings."""
    told = sorted({save.interface for save in saves} - {""})
    if len(told) > 1:
        raise BadInput(f"{path}: saves of several interfaces: {', '.join(told)}; import each from a folder of its own")
    interface = told[0].lower() if told else ""
    if interface in REFUSED:
        raise BadInput(f"{path}: interface {told[0]!r}: {REFUSED[interface]}; it cannot be imported")
    if interface not in SLIDERS | PAIRED:
        known = ", ".join(sorted((SLIDERS | PAIRED) - {""}))
        raise BadInput(f"{path}: interface {told[0]!r}: the meaning of its values is unknown; known are: {known}")
    return interface


def _sliders(
    path: Path, saves: Sequence[Save], options: Options, left_out: list[str]
) -> tuple[list[Line], dict[str, Any], list[str]]:
    pages = _whole_pages(saves)
    named = naming({item: {one.id: one.file for one in page.rated} for item, page in pages.items()}, options.conditions)
    names = {item: _names(page, named) for item, page in pages.items()}
    lines = [line for save in saves for line in _lines(path, save, names, left_out)]
    unreferenced = sum(page.reference is None for page in pages.values())
    notes = [named.note] if named.note else []
    if unreferenced:
        notes.append(f"{counted(unreferenced, 'page')} without a reference: no objective can be fitted to them")
    material = {
        "preset": "mushra",
        "excerpts": [_excerpt(page, names[item]) for item, page in sorted(pages.items())],
        "roles": _roles(pages, names),
        "made": {item: _made(page, names[item]) for item, page in pages.items()},
        "attributes": _attributes(sorted({line.attribute for line in lines})),
    }
    return lines, material, notes


def _whole_pages(saves: Sequence[Save]) -> dict[str, Page]:
    """Return each page with every element that some sitting had on it: of a pool each has some only."""
    whole: dict[str, Page] = {}
    for page in (page for save in saves for page in save.pages):
        before = whole.get(page.item)
        elements = {one.id: one for one in (*(before.elements if before else ()), *page.elements)}
        whole[page.item] = replace(page, elements=list(elements.values()))
    return whole


def _names(page: Page, named: Naming) -> dict[str, str]:
    """Return the condition of each element; where ids name no systems reference and only anchor by their type."""
    own = dict(named.names[page.item])
    if named.rule != BY_ELEMENT:
        for kind, name in ((REFERENCE, HIDDEN_REFERENCE), ("anchor", "anchor")):
            typed = [one.id for one in page.rated if one.type == kind]
            own |= dict.fromkeys(typed, name) if len(typed) == 1 else {}
    return own


def _lines(path: Path, save: Save, names: Mapping[str, Mapping[str, str]], left_out: list[str]) -> Iterator[Line]:
    for position, page in enumerate(save.pages):
        for element in page.rated:
            where = f"{save.file}: page {page.ref!r}, {element.id}"
            for axis, text in element.values:
                value = number(where, "value", text)
                if value == NOT_ANSWERED:
                    left_out.append(f"{save.file.name}: page {page.ref!r}: {element.id} was not graded")
                    continue
                attribute = _attribute(axis)
                yield Line(
                    where=where,
                    sitting=f"{save.file.stem} {attribute}",
                    assessor=f"{slugify(path.resolve().name)[:40]}-{save.key}",
                    attribute=attribute,
                    item=page.item,
                    condition=names[page.item][element.id],
                    score=100 * value,
                    position=position,
                    seconds=page.seconds,
                )


def _attributes(keys: Sequence[str]) -> list[AttributeText]:
    """Return a text for each axis, none where there is but one without a name: that of the preset."""
    return [] if keys == [ONE_AXIS] else [AttributeText(key, key, f"{key}?", "", "0", "100") for key in keys]


def _roles(pages: Mapping[str, Page], names: Mapping[str, Mapping[str, str]]) -> dict[str, Role]:
    rated = [(names[item][one.id], one.type) for item, page in pages.items() for one in page.rated]
    return {name: ROLES.get(kind, Role.SYSTEM) for name, kind in rated}


def _attribute(axis: str) -> str:
    return ONE_AXIS if axis in {"", "null"} else slugify(axis)[:40] or ONE_AXIS


def _excerpt(page: Page, names: Mapping[str, str]) -> Excerpt:
    references = {"reference": page.reference.file} if page.reference else {}
    return Excerpt(page.item, references, {names[one.id]: one.file for one in page.rated})


def _made(page: Page, names: Mapping[str, str]) -> Made:
    reference = {"reference": page.reference.gain} if page.reference else {}
    return Made(gains={names[one.id]: one.gain for one in page.rated}, reference_gains=reference)


def _pairs(
    path: Path, saves: Sequence[Save], interface: str, options: Options, left_out: list[str]
) -> tuple[list[Line], dict[str, Any], list[str]]:
    pairs = [pair for save in saves for pair in pairs_of(path, save, interface, left_out)]
    files: dict[str, dict[str, Path]] = {pair.item: {} for pair in pairs}
    for pair in pairs:
        files[pair.item] |= {one.id: one.file for one in pair.elements}
    named = naming(files, options.conditions)
    return material_of_pairs(pairs, named, interface)
