"""Texts in CSV that a spreadsheet does not take for formulas: `=1+1` is written `'=1+1`, and read back as it was.

A spreadsheet carries out a cell that begins with `=`, `+`, `-`, `@`, a tab or a line's end, whoever typed it. An
apostrophe before it makes it text (OWASP, «CSV injection»). A text that begins with apostrophes before such a sign gets
one more, so that nothing is lost.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FIRST_CHARACTERS = frozenset("'=+-@\t\r\n")
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def defused(value: Any) -> Any:
    """Return a cell's value; a text that a spreadsheet would carry out with an apostrophe before it. Numbers stay.

    >>> defused("=HYPERLINK(1)"), defused("-6.5"), defused("-6 dB"), defused("'quoted'"), defused(-1.0)
    ("'=HYPERLINK(1)", '-6.5', "'-6 dB", "'quoted'", -1.0)
    """
    if not isinstance(value, str) or value[:1] not in _FIRST_CHARACTERS:
        return value
    return value if not _FORMULA.match(value) or _NUMBER.fullmatch(value) else f"'{value}"


def restored(text: str) -> str:
    """Return the text that `defused` was given.

    >>> restored("'=1+1"), restored("''=1+1"), restored("'quoted'"), restored("-6.5")
    ('=1+1', "'=1+1", "'quoted'", '-6.5')
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_csv(path: Path, table: "pd.DataFrame") -> None:
    """Write a table without its index, its texts and the names of its columns defused."""
    safe = table.rename(columns=defused)
    texts = safe.select_dtypes(exclude=["number", "bool"]).columns
    safe.assign(**{str(name): safe[name].map(defused) for name in texts}).to_csv(path, index=False)


def defused_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a table with every cell defused."""
    return {name: defused(value) for name, value in row.items()}
