"""Which row of webMUSHRA's results belongs to whose page of whose sitting.

A row names its page by the id, which two pages may share, and its sitting by a `session_uuid` only since 2022. Rows
stand in the order they were given, so a page ends where a stimulus comes again, and a sitting where the person changes
or a page comes more often than the configuration has it.
"""

import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from listening.importers.webmushra_likert import Scale
from listening.importers.webmushra_types import MUSHRA
from lossmodel.errors import BadInput

REFERENCE = "reference"
REPEAT, PART = "repeat", re.compile(r"part-(\d+)")

Row = tuple[str, dict[str, str]]
"""Where a row stands, and its cells."""


@dataclass(frozen=True)
class Sheet:
    """One page in a configuration. `item` tells pages apart that share an `id`; `made` are its anchors."""

    id: str
    item: str
    reference: Path | None
    files: Mapping[str, Path]
    made: Sequence[str] = ()
    shuffled: bool = False
    conditions: Mapping[str, str] = field(default_factory=dict)
    type: str = MUSHRA
    scales: Sequence[Scale] = ()

    @property
    def elements(self) -> frozenset[str]:
        """Return the names under which its stimuli stand in the results."""
        named = frozenset({*self.files, *self.made})
        return named | {REFERENCE} if self.type == MUSHRA else named


@dataclass
class Page:
    """The rows of one page as it was sat; `trial` is its id without what marks attributes and repeats."""

    sitting: str
    assessor: str
    trial: str
    attribute: str
    part: int
    position: int
    rows: list[Row] = field(default_factory=list)

    @property
    def elements(self) -> set[str]:
        """Return what is rated so far."""
        return {row["rating_stimulus"] for _where, row in self.rows}

    @property
    def ours(self) -> bool:
        """Tell whether this software wrote it."""
        return is_ours(self.rows[0][1])

    @property
    def answer(self) -> tuple[str, str, frozenset[tuple[str, str]]]:
        """Return what makes two pages the same answer: id, attribute, and the score of each stimulus."""
        scores = frozenset((row["rating_stimulus"], row["rating_score"]) for _where, row in self.rows)
        return self.trial, self.attribute, scores


def sittings_of(
    rows: Sequence[Row], slug: str, sheets: Sequence[Sheet], columns: Sequence[str], column: str, attribute: str
) -> dict[str, list[Page]]:
    """Return the pages of each sitting in the order they were sat; `attribute` is that of pages that name none."""
    sittings: dict[str, list[Page]] = defaultdict(list)
    often = Counter(sheet.id for sheet in sheets)
    complete = {id_: [sheet.elements for sheet in sheets if sheet.id == id_] for id_ in often}
    person, unnamed = None, 0
    for where, row in rows:
        id_, own, part = split_id(row["trial_id"], set(often))
        key = _session(where, row, column)
        if not key:
            now = tuple(row[name] for name in columns)
            pages = sittings.get(str(unnamed), [])
            more = not _continues(pages, row, id_, complete) and _sat(pages, row) >= often[id_]
            if now != person or more:
                person, unnamed = now, unnamed + 1
            key = str(unnamed)
        pages = sittings[key]
        if not _continues(pages, row, id_, complete):
            pages.append(Page(key, _assessor(slug, key, row), id_, own or attribute, part, len(pages)))
        pages[-1].rows.append((where, row))
    return sittings


def _session(where: str, row: Mapping[str, str], column: str) -> str:
    """Return what the row says of its session, "" where it says nothing."""
    if not column:
        return row.get("session_uuid", "")
    if not row.get(column):
        known = ", ".join(row) if column not in row else "fill it in"
        raise BadInput(f"{where}: nothing in the column {column!r} that identifies sessions; {known}")
    return row[column]


def _sat(pages: Sequence[Page], row: Mapping[str, str]) -> int:
    return sum(page.rows[0][1]["trial_id"] == row["trial_id"] for page in pages)


def _continues(
    pages: Sequence[Page], row: Mapping[str, str], id_: str, complete: Mapping[str, Sequence[frozenset[str]]]
) -> bool:
    """Tell whether the row is of the page before it: same id, another stimulus, and that page not yet complete."""
    if not pages or pages[-1].rows[0][1]["trial_id"] != row["trial_id"]:
        return False
    done, wholes = pages[-1].elements, complete[id_]
    full = len(wholes) > 1 and any(done == whole for whole in wholes) and not any(done < whole for whole in wholes)
    return row["rating_stimulus"] not in done and not full


def _assessor(slug: str, key: str, row: Mapping[str, str]) -> str:
    """Return the pseudonym: that of the participant in a table written by us, else one made of the test's name."""
    return row["participant"] if is_ours(row) else f"{slug}-{key}"


def is_ours(row: Mapping[str, str]) -> bool:
    """Tell whether this software wrote the row: its sessions are named by a UUID of version 5, webMUSHRA's of 4."""
    try:
        return uuid.UUID(row.get("session_uuid", "")).version == 5 and bool(row.get("participant"))
    except ValueError:
        return False


def answered_once(pages: Sequence[Page], often: Mapping[str, int], left_out: list[str]) -> list[Page]:
    """Return the pages without those that were sent again as they were; `BadInput` for a stimulus twice on one page."""
    kept: list[Page] = []
    for page in pages:
        fellows = [other for other in kept if other.rows[0][1]["trial_id"] == page.rows[0][1]["trial_id"]]
        if len(fellows) >= often[page.trial]:
            if page.answer in {other.answer for other in fellows}:
                left_out.append(f"{page.rows[0][0]}: page {page.trial!r} was sent twice with the same ratings")
                continue
            if page.elements != fellows[-1].elements:
                where, row = page.rows[0]
                raise BadInput(
                    f"{where}: {row['rating_stimulus']} of {page.trial} is rated twice on one page; keep one"
                )
        kept.append(page)
    return kept


def placed_on(pages: Sequence[Page], sheets: Sequence[Sheet]) -> Iterator[tuple[Page, Sheet]]:
    """Yield every page of a sitting with the page of the configuration that it is.

    Of several with its id that is the one with its stimuli, and of several of these the one whose turn it is. Raises
    `BadInput` where these have other sounds and stand in random order.
    """
    seen: Counter[tuple[str, str, frozenset[str]]] = Counter()
    for page in pages:
        fellows = [sheet for sheet in sheets if sheet.id == page.trial]
        alike = [sheet for sheet in fellows if sheet.elements == page.elements] or fellows
        if len({sheet.item for sheet in alike}) > 1 and any(sheet.shuffled for sheet in alike):
            raise BadInput(
                f"{page.rows[0][0]}: {len(alike)} pages are called {page.trial!r} and are in random order, so they "
                "cannot be told apart; remove them from the configuration"
            )
        key = (page.trial, page.attribute, frozenset(page.elements))
        yield page, alike[seen[key] % len(alike)]
        seen[key] += 1


def split_id(trial: str, known: set[str]) -> tuple[str, str, int]:
    """Return the id of the page, the attribute ("" for one) and the part that our own export marks in a `trial_id`."""
    if trial in known:
        return trial, "", 0
    parts = trial.split("--")
    for end in range(len(parts) - 1, 0, -1):
        if (id_ := "--".join(parts[:end])) in known:
            marks = [mark for mark in parts[end:] if mark != REPEAT]
            places = [int(found[1]) - 1 for mark in marks if (found := PART.fullmatch(mark))]
            attribute = next((mark for mark in marks if not PART.fullmatch(mark)), "")
            return id_, attribute, places[0] if places else 0
    return trial, "", 0
