"""Pieces of the report's page: tables, figures, numbers as they are read."""

import base64
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

import pandas as pd

MAX_UNBROKEN = 24
"""Characters of a cell that is never broken into lines."""


def figure(folder: Path, name: str, caption: str) -> str:
    """Return a figure with its file's content inside, and its caption."""
    words, data = escape(caption), base64.b64encode((folder / name).read_bytes()).decode()
    image = f'<img src="data:image/svg+xml;base64,{data}" alt="{words}">'
    return f"<figure>{image}<figcaption>{words} · {escape(name)}</figcaption></figure>"


def interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """Return an interval in words; "no interval" without one."""
    return "no interval" if low is None or high is None or low != low else f"{low:.{digits}f} to {high:.{digits}f}"


def p(value: float | None) -> str:
    """Return a p-value as papers print it."""
    if value is None:
        return "not computed"
    return "< .0001" if value < 0.0001 else f"{value:.4f}".lstrip("0") if value < 1 else "1"


def answer(holds: bool | None) -> str:
    """Return whether something holds, in a word."""
    return "not computed" if holds is None else "yes" if holds else "no"


def table(rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows of column → cell as a table; nothing for none."""
    frame = pd.DataFrame(list(rows))
    if frame.empty:
        return ""
    head = "".join(f"<th>{escape(str(name))}</th>" for name in frame.columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in frame.astype(object).to_numpy())
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: object) -> str:
    if value is None or value != value:
        return "<td>not computed</td>"
    if isinstance(value, float):
        return f'<td class="n">{value:.4g}</td>'
    text = str(value)
    return f'<td class="s">{escape(text)}</td>' if len(text) < MAX_UNBROKEN else f"<td>{escape(text)}</td>"
