"""What is in a bundle, file by file, in the order in which it is sent."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from listening.exports import ratings, replies
from listening.exports.bundle import codebook, sounds
from listening.exports.bundle.anonymous import Anonymous
from listening.exports.bundle.design import design
from listening.exports.bundle.zipping import Entry, zipped
from listening.models import Study
from lossmodel.cells import defused_row
from lossmodel.manifest import COLUMNS as PAIR_COLUMNS

NO_LICENCE = "No licence was given: all rights are reserved. Ask the publisher before you use it.\n"


@dataclass(frozen=True)
class Choice:
    """What of a study is published besides ratings and design."""

    audio: bool = True
    replies: bool = False
    """What people wrote and replied, as they did."""
    figures: Mapping[str, str] = field(default_factory=dict)
    """SVG by name, as the results page draws it."""


def bundle(study: Study, choice: Choice) -> Iterator[bytes]:
    """Yield the publication bundle of a study as a zip, piece by piece."""
    return zipped(_entries(study, choice))


def _entries(study: Study, choice: Choice) -> Iterator[Entry]:
    anonymous, found = Anonymous(study), list(sounds.sounds(study))
    yield Entry("README.md", [_readme(study, choice, anonymous)])
    yield Entry("LICENCE.txt", [(anonymous.text(study.licence) or NO_LICENCE).encode()])
    yield _table("ratings.csv", tuple(ratings.FIELDS), anonymous.rows(ratings.rows(study)))
    book = codebook.rows(study, replies=choice.replies)
    yield _table("codebook.csv", codebook.COLUMNS, (anonymous.plain(row) for row in book))
    yield Entry("design.json", [design(study, anonymous)])
    for name, drawing in choice.figures.items():
        yield Entry(f"figures/{name}.svg", [anonymous.text(drawing).encode()])
    if choice.replies:
        yield _table("replies.csv", replies.COLUMNS, anonymous.rows(replies.rows(study)))
    if choice.audio:
        yield _table("sounds.csv", sounds.SOUND_COLUMNS, sounds.listed(found, anonymous))
        yield _table("pairs.csv", PAIR_COLUMNS, sounds.pairs(found, anonymous))
        yield from sounds.files(found)


def _table(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Entry:
    return Entry(name, _lines(columns, rows))


def _lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield CSV, row by row, formulas defused."""
    file = StringIO()
    table = csv.DictWriter(file, list(columns), lineterminator="\n")
    table.writeheader()
    for row in rows:
        yield file.getvalue().encode()
        file.seek(0)
        file.truncate()
        table.writerow(defused_row(row))
    yield file.getvalue().encode()


def _readme(study: Study, choice: Choice, anonymous: Anonymous) -> bytes:
    lines = [
        f"# {study.title}", "", f"A listening test ({study.slug}, method {study.preset}), published from Hearback.", "",
        "- `ratings.csv`: one row per rating", "- `codebook.csv`: what every column means, its unit and its levels",
        "- `design.json`: texts, attributes, conditions, rules, seeds and plan",
        "- `figures/`: mean ratings with their 95 % intervals over assessors",
        "- `LICENCE.txt`: the licence of all files", "- `SHA256SUMS`: `sha256sum --check SHA256SUMS`",
    ]  # fmt: skip
    if choice.audio:
        lines += ["- `audio/`, `sounds.csv`: every sound and its measurements"]
        lines += ["- `pairs.csv`: for `python -m lossmodel score --manifest pairs.csv`"]
    lines += ["- `replies.csv`: what people replied, as they wrote it"] * choice.replies
    lines += ["", "Assessors are renumbered. E-mail addresses, ids of recruiters, browsers"]
    lines += ["and links are not in it" + ("." if choice.replies else ", nor is what people wrote."), ""]
    return anonymous.text("\n".join(lines)).encode()
