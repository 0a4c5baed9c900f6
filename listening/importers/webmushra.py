"""webMUSHRA tests: a YAML configuration names the sounds, a `mushra.csv` or one of its sisters holds the ratings.

A folder laid out as webMUSHRA's own (`configs/<test>.yaml`, `results/<test id>/mushra.csv`), or one with the YAML file
and `mushra.csv` in it. Without results the test becomes a draft, ready to be run here. Pages of one type are taken
(`webmushra_types`); anchors that webMUSHRA made in the browser (`createAnchor35`, `createAnchor70`) are rendered by our
recipes, for the pages that had them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.utils.text import slugify

from listening.importers.naming import Naming, naming
from listening.importers.options import Options
from listening.importers.published import Published
from listening.importers.sounds import Made, is_file, located
from listening.importers.tables import decoded
from listening.importers.webmushra_likert import scales_of
from listening.importers.webmushra_results import ANCHORS, OURS, Results, read_results
from listening.importers.webmushra_sittings import REFERENCE, Sheet
from listening.importers.webmushra_types import MUSHRA, TYPES, PageType, chosen, lacks
from listening.importers.webmushra_yaml import as_text, load, mappings
from listening.models import Role
from listening.stimuli import HIDDEN_REFERENCE, Excerpt
from lossmodel.errors import BadInput

CREATES = {"createAnchor35": "anchor35", "createAnchor70": "anchor70"}
MAX_PAGES = 10_000
OTHER_RESULTS = (
    *(each.results for each in TYPES.values()), "spatial_localization", "spatial_asw", "spatial_hwd", "spatial_lev",
)  # fmt: skip
"""Files that `write.php` writes."""


@dataclass(frozen=True)
class Config:
    """A test's configuration, its folder, and where it stands: `root` is what paths in it start from."""

    file: Path
    root: Path
    test: Mapping[str, Any]
    notes: Sequence[str]

    @property
    def name(self) -> str:
        """Return the test's id, or else the name of the file."""
        return as_text(self.test.get("testId")) or self.file.stem

    @property
    def slug(self) -> str:
        """Return what the study is called in links."""
        return slugify(self.name)[:40].strip("-") or slugify(self.file.stem)[:40] or "webmushra"


def read(path: Path, options: Options | None = None) -> Published:
    """Read the folder, or the YAML file in it; a sitting is one `session_uuid`, or rows of one person in a row.

    Raises `BadInput` for a file that cannot be read, a test without a page of sliders, a sound that is not there, and
    results that do not fit the configuration.
    """
    options = options or Options()
    config = _config(path)
    typed = list(_pages(config))
    kind, left_out = chosen(str(config.file), typed, options.pages)
    sheets = _sheets(config, typed, kind)
    files = {sheet.item: sheet.files for sheet in sheets}
    named = naming(files, options.conditions)
    sheets = [replace(sheet, conditions=named.names[sheet.item]) for sheet in sheets]
    results = options.results or _results(config, kind.file)
    answers = _questionnaire(typed)
    found = read_results(results, config.slug, kind, sheets, options, answers) if results else Results()
    place = _place(config, kind.file)
    drafted = [] if found.lines or not kind.draft else [kind.draft]
    if results is None:
        left_out.append(f"no results found: neither {config.root / kind.file} nor {place} exists")
    left_out += [f"{other}: ratings have another form" for other in _other_results(results or place, kind)]
    return Published(
        slug=config.slug,
        title=(as_text(config.test.get("testname")) or config.slug)[:200],
        preset=kind.preset,
        source=f"webMUSHRA, {config.file.name}"[:200],
        **_material(sheets, named),
        attributes=found.attributes or ([kind.attribute] if kind.attribute else []),
        lines=found.lines,
        questions=found.questions,
        said=found.said,
        notes=[*config.notes, *filter(None, [named.note]), *found.notes, *drafted],
        left_out=[*left_out, *found.left_out],
    )


def folder_of_results(test_id: str) -> str:
    """Return the folder that webMUSHRA's `write.php` makes for the results of a test.

    >>> folder_of_results("Codecs 2024: pilot")
    'codecs-2024-pilot'
    """
    dashed = re.sub(r"--+", "-", re.sub(r"[^\w\-]+", "-", test_id))
    return "".join(each.lower() if each.isascii() else each for each in dashed)


def _config(path: Path) -> Config:
    file = path if path.is_file() else _only(path, "*.yaml", "*.yml", "configs/*.yaml", "configs/*.yml")
    notes: list[str] = []
    test = load(str(file), decoded(file, notes.append))
    if not isinstance(test, dict) or not isinstance(test.get("pages"), list):
        raise BadInput(f"{file}: not a webMUSHRA configuration: it has no pages")
    inside = [folder.parent for folder in file.parents if folder.name == "configs"]
    return Config(file, inside[0] if inside else file.parent, test, notes)


def _only(folder: Path, *patterns: str) -> Path:
    found = [path for pattern in patterns for path in sorted(folder.glob(pattern)) if is_file(path)]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise BadInput(f"{folder}: one YAML configuration is needed, found: {names}; give the file itself")
    return found[0]


def _place(config: Config, file: str) -> Path:
    return config.root / "results" / folder_of_results(config.name) / file


def _results(config: Config, file: str) -> Path | None:
    plain = re.sub(r"[/\\\0]", "", config.name).lstrip(".")
    places = (
        config.root / file,
        config.file.parent / file,
        _place(config, file),
        config.root / "results" / plain / file,
    )
    return next(filter(is_file, places), None)


def _other_results(results: Path, kind: PageType) -> list[str]:
    """Return the names of the files beside the results that hold what other types of pages asked."""
    return [f"{name}.csv" for name in OTHER_RESULTS if name != kind.results and is_file(results.parent / f"{name}.csv")]


def _pages(config: Config) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield every page, and whether it is shown in a random place: in a list whose first entry is `random`.

    Raises `BadInput` where there is no end of them, as lists may refer to one another.
    """
    rest = [(config.test["pages"], False)]
    for _ in range(MAX_PAGES):
        if not rest:
            return
        page, shuffled = rest.pop()
        if isinstance(page, dict):
            yield page, shuffled
        elif isinstance(page, list):
            random = shuffled or page[:1] == ["random"]
            rest += [(each, random) for each in reversed(page)]
    raise BadInput(
        f"{config.file}: more than {MAX_PAGES} pages, or a list of pages that contains itself; write them out"
    )


def _sheets(config: Config, typed: Sequence[tuple[dict[str, Any], bool]], kind: PageType) -> list[Sheet]:
    """Return the pages of the type that can be rated."""
    sheets: list[Sheet] = []
    for number, (page, shuffled) in enumerate(typed, start=1):
        if page.get("type") == kind.name and lacks(page) is None:
            sheets.append(_apart(_sheet(config, page, number, shuffled=shuffled), sheets))
    return sheets


def _sheet(config: Config, page: Mapping[str, Any], number: int, *, shuffled: bool) -> Sheet:
    id_ = as_text(page.get("id")) or f"page {number}"
    where = f"{config.file}: page {id_!r}"
    stimuli = page.get("stimuli")
    if not isinstance(stimuli, dict) or not stimuli:
        raise BadInput(f"{where}: no stimuli; it needs some, each with its file")
    roots = (config.root, config.file.parent)
    files = {as_text(name): located(where, as_text(file), *roots) for name, file in stimuli.items()}
    kind = TYPES[page["type"]]
    made = [name for key, name in CREATES.items() if page.get(key)] if kind.name == MUSHRA else []
    reference = located(where, as_text(page["reference"]), *roots) if kind.referenced else None
    scales = [] if kind.referenced else scales_of(page)
    return Sheet(id_, id_, reference, files, made, shuffled=shuffled, type=kind.name, scales=scales)


def _apart(sheet: Sheet, before: Sequence[Sheet]) -> Sheet:
    """Return the page as a replicate of an equal one before it, or, where only the id is the same, as another item."""
    for other in before:
        if (other.id, other.reference, other.files, other.made) == (sheet.id, sheet.reference, sheet.files, sheet.made):
            return replace(sheet, item=other.item)
    number = 1 + len({other.item for other in before if other.id == sheet.id})
    return sheet if number == 1 else replace(sheet, item=f"{sheet.id} ({number})")


def _material(sheets: Sequence[Sheet], named: Naming) -> dict[str, Any]:
    """Return excerpts, roles and what webMUSHRA made, of pages that are told apart by their item."""
    items = {sheet.item: sheet for sheet in sheets}
    systems = sorted({name for own in named.names.values() for name in own.values()} - {HIDDEN_REFERENCE})
    hidden = {HIDDEN_REFERENCE: Role.REFERENCE} if any(sheet.reference for sheet in sheets) else {}
    return {
        "excerpts": [_excerpt(sheet) for sheet in items.values()],
        "roles": hidden | dict.fromkeys(systems, Role.SYSTEM),
        "made": {item: Made(anchors=[ANCHORS[name] for name in sheet.made]) for item, sheet in items.items()},
    }


def _excerpt(sheet: Sheet) -> Excerpt:
    sounds = {sheet.conditions[name]: file for name, file in sheet.files.items()}
    if sheet.reference is None:
        return Excerpt(sheet.item, {}, sounds)
    return Excerpt(sheet.item, {"reference": sheet.reference}, {OURS[REFERENCE]: sheet.reference, **sounds})


def _questionnaire(typed: Sequence[tuple[dict[str, Any], bool]]) -> dict[str, Mapping[str, Any]]:
    """Return the entries of every page's questionnaire by their name, which is the name of their column."""
    entries = [each for page, _ in typed for each in mappings(page.get("questionnaire"))]
    return {as_text(each.get("name")): each for each in entries}
