"""Which condition an element of a page is: elements are numbered on many a page, and the file says what they are.

`C1` of page one need not be the system that is `C1` on page two. Where ids do not name systems, the folder or the name
of the file mostly does (`wiener/song1.wav`, `song1/wiener.wav`); else a table says it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from listening.importers.options import AUTOMATIC, BY_ELEMENT, BY_FILE, BY_FOLDER
from listening.importers.tables import read_rows
from lossmodel.errors import BadInput

Files = Mapping[str, Mapping[str, Path]]
"""The file of every element of every page."""

Names = dict[str, dict[str, str]]
"""The condition of every element of every page."""

RULES: Mapping[str, Callable[[str, Path], str]] = {
    BY_ELEMENT: lambda element, _file: element,
    BY_FOLDER: lambda _element, file: file.parent.name,
    BY_FILE: lambda _element, file: file.stem,
}
CALLED = {BY_ELEMENT: "the element's id", BY_FOLDER: "the folder of its file", BY_FILE: "the name of its file"}


@dataclass(frozen=True)
class Naming:
    """The condition of each element, by which rule, and a sentence for the report unless that is the element's id."""

    names: Names
    rule: str = BY_ELEMENT
    note: str = ""


def naming(files: Files, how: str = AUTOMATIC) -> Naming:
    """Return the names by the rule `how` (of `options.NAMINGS`, or the path of a table); found out for "auto".

    Raises `BadInput` where two elements of a page would be one condition, and for an element that a table leaves out.
    """
    if how not in {AUTOMATIC, *RULES}:
        table = Path(how)
        return Naming(_distinct(_by_table(files, table)), how, f"conditions are named by {table.name}")
    rule = _found(files) if how == AUTOMATIC else how
    note = "" if rule == BY_ELEMENT else f"conditions are named by {CALLED[rule]}, not by {CALLED[BY_ELEMENT]}"
    if not note and how == AUTOMATIC and _scattered(files):
        note = "no element's id is on two pages, so no system has two items; name them with a table and --conditions"
    return Naming(_distinct(_by_rule(files, rule)), rule, note)


def _found(files: Files) -> str:
    """Return the element's id unless ids are on one page only, or name other systems on other pages."""
    for rule in (BY_FOLDER, BY_FILE):
        if _names_systems(_by_rule(files, rule)) and (_scattered(files) or _contradicted(files, rule)):
            return rule
    return BY_ELEMENT


def _scattered(files: Files) -> bool:
    """Tell whether there are several pages and no element's id stands on two of them."""
    return len(files) > 1 and max(Counter(each for page in files.values() for each in page).values(), default=0) == 1


def _names_systems(names: Names) -> bool:
    """Tell whether every name stands for one sound a page, and on at least two pages."""
    pages = Counter(name for page in names.values() for name in set(page.values()))
    apart = all(len(set(page.values())) == len(page) for page in names.values())
    return apart and len(pages) > 1 and min(pages.values()) > 1


def _contradicted(files: Files, rule: str) -> bool:
    """Tell whether an id stands for another name on another page."""
    seen: dict[str, str] = {}
    pairs = [pair for page in _by_rule(files, rule).values() for pair in page.items()]
    return any(seen.setdefault(element, name) != name for element, name in pairs)


def _by_rule(files: Files, rule: str) -> Names:
    return {page: {id_: RULES[rule](id_, file) for id_, file in own.items()} for page, own in files.items()}


def _by_table(files: Files, table: Path) -> Names:
    """Return the names that the columns `element` and `condition` give, with `page` for one page only."""
    rows = [row for _where, row in read_rows(table, ("element", "condition"))]
    known = {(row.get("page", ""), row["element"]): row["condition"] for row in rows}
    names: Names = {}
    for page, own in files.items():
        for element in own:
            name = known.get((page, element)) or known.get(("", element))
            if not name:
                raise BadInput(f"{table}: no row for element {element!r} of page {page!r}; add one")
            names.setdefault(page, {})[element] = name
    return names


def _distinct(names: Names) -> Names:
    for page, own in names.items():
        for element, name in own.items():
            fellows = [other for other, its in own.items() if its == name]
            if fellows != [element]:
                raise BadInput(
                    f"page {page!r}: elements {', '.join(fellows)} are all {name!r}; name them with --conditions"
                )
    return names
