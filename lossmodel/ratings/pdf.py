"""A report as a PDF, set by Typst: text as text, in the figures too, and the same file for the same report."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typst

from lossmodel.files import atomic_file
from lossmodel.ratings import fonts
from lossmodel.ratings.blocks import Block, Heading, Listing, Paragraph, Picture, Table, is_number, words

TEMPLATE = Path(__file__).with_name("report.typ")
TEMPLATE_COPY = "report.typ"
MAX_UNBROKEN = 16
"""Characters of the longest cell of a column that is as wide as its text."""


def write(path: Path, title: str, blocks: Sequence[Block], folder: Path) -> None:
    """Write the report as a PDF, whole or not at all; the figures are those of `folder`."""
    report = json.dumps({"title": title, "blocks": [_plain(each) for each in blocks]})
    copy = folder / TEMPLATE_COPY
    copy.write_bytes(TEMPLATE.read_bytes())  # Typst reads nothing outside the folder of what it sets
    try:
        found = typst.compile(copy, root=folder, font_paths=fonts.folders(), sys_inputs={"report": report})
    finally:
        copy.unlink()
    with atomic_file(path) as part:
        part.write_bytes(found or b"")


def _plain(block: Block) -> dict[str, Any]:
    """Return a block as the template reads it: its kind and its words."""
    match block:
        case Heading(text, level):
            return {"kind": "heading", "text": text, "level": level}
        case Paragraph(text, is_mark):
            return {"kind": "mark" if is_mark else "paragraph", "text": text}
        case Listing(lines):
            return {"kind": "list", "lines": list(lines)}
        case Picture(file, caption):
            pdf = Path(file).with_suffix(".pdf").name
            return {"kind": "figure", "file": pdf, "caption": caption}
        case Table():
            return _table(block)


def _table(each: Table) -> dict[str, Any]:
    columns = list(zip(*each.rows)) or [()] * len(each.columns)
    return {
        "kind": "table", "columns": list(each.columns), "rows": [[words(cell) for cell in row] for row in each.rows],
        "numbers": [any(map(is_number, cells)) for cells in columns],
        "wide": [max((len(words(cell)) for cell in cells), default=0) > MAX_UNBROKEN for cells in columns],
    }  # fmt: skip
