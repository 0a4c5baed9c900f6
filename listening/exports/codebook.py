"""What the columns of everything that a study exports mean: ratings, events, replies and the manifest of its sounds."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import IO

from listening.exports import tables
from listening.exports.bundle.codebook import COLUMNS as BUNDLE_COLUMNS
from listening.exports.bundle.codebook import PAIRS, RATINGS, REPLIES, levels
from listening.models import Event, Study
from listening.presets import PRESETS
from lossmodel.progress import Report, silent

Book = Mapping[str, tuple[str, str]]
"""Columns in their order, each with its meaning and unit."""

COLUMNS = BUNDLE_COLUMNS
PSEUDONYM = ("the assessor's pseudonym", "")
EXCLUDED = ("why the session is excluded, in a table with excluded ones; empty: it counts", "")
EVENTS: Book = MappingProxyType(
    {
        "study": ("the study", ""),
        "session": ("the session, counted from 0 in the study", ""),
        "assessor": PSEUDONYM,
        "attribute": ("what was judged", ""),
        "item": ("the excerpt", ""),
        "trial": ("the page, counted from 0 as it was shown", ""),
        "part": ("which of the item's pages it was, counted from 0", ""),
        "replicate": ("0: the first time the page was rated, 1: the second …", ""),
        "load": ("which loading of the page it was", ""),
        "order": ("the event's place in its loading, counted from 1", ""),
        "at": ("when it took effect by the browser's clock, ISO 8601", ""),
        "frame": ("when it took effect by the page's mixer, counted from when its sounds were ready", "samples"),
        "event": ("what happened", ""),
        "sound": ("which sound: a stimulus, or an open one by its number from 0; empty: all", ""),
        "position": ("the place of the stimulus on its page, counted from 0; empty: no stimulus", ""),
        "condition": ("what the stimulus is; empty: no stimulus", ""),
        "role": ("the role of the condition; empty: no stimulus", ""),
        "value": (
            "where in the excerpt; of rate: the score; of glitch and proved: how many; of fault: 1 the samples are "
            "not those stored, 2 one is beyond the largest of the trial",
            "s; 0–100; count",
        ),
        "until": ("the end of what was heard or looped; empty: none", "s"),
        "simulated": ("done by a program, not by a person", ""),
    }
)
BOOKS: Mapping[str, Book] = MappingProxyType(
    {
        "ratings.csv": RATINGS | {"assessor": PSEUDONYM, "excluded": EXCLUDED},
        "events.csv": EVENTS,
        "replies.csv": REPLIES | {"assessor": PSEUDONYM},
        "pairs.csv": PAIRS | {"estimate": ("the stimulus: a path from the file's folder, or in full", "")},
    }
)
"""The tables by the names of their files."""


def rows(study: Study) -> Iterator[dict[str, str]]:
    """Yield a row for each column of each table that the study exports, with the columns `COLUMNS`."""
    known = levels(study) | {"event": "; ".join(Event.Kind.values), "method": "; ".join(PRESETS)}
    for file, book in BOOKS.items():
        for column, (meaning, unit) in book.items():
            yield {"file": file, "column": column, "meaning": meaning, "unit": unit, "levels": known.get(column, "")}


def write_csv(study: Study, file: IO[str], _report: Report = silent) -> int:
    """Write the codebook as CSV; returns the number of rows."""
    return tables.write_csv(file, COLUMNS, rows(study))


def write_json(study: Study, file: IO[str], _report: Report = silent) -> int:
    """Write the codebook as a JSON list of objects; returns the number of rows."""
    return tables.write_json(file, COLUMNS, rows(study))


WRITERS: Mapping[str, Callable[..., int]] = MappingProxyType({"csv": write_csv, "json": write_json})
