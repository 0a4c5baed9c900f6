"""A report as one HTML file, readable without a server, nothing loaded from elsewhere."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from lossmodel.ratings.blocks import Block, Heading, Listing, Paragraph, Picture, Table, is_number, words

MAX_UNBROKEN = 24
"""Characters of a cell that is never broken into lines."""
HTML_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: #8884; --mark: #fff3cd; --ink: #6b4e00 }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem }}
h2 {{ margin-top: 3rem; border-bottom: 2px solid var(--line) }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem }}
th, td {{ padding: .2rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }}
th:first-child, td:first-child {{ position: sticky; left: 0; background: Canvas }}
td.n {{ text-align: right }}
td.s {{ white-space: nowrap }}
td:not([class]) {{ min-width: 18rem }}
figure {{ margin: 1.5rem 0; background: white; color: #222; padding: .5rem; border-radius: .4rem }}
img {{ max-width: 100%; height: auto }}
p {{ overflow-wrap: anywhere }}
.mark {{ background: var(--mark); color: var(--ink); border: 1px solid #b58900; padding: .5rem 1rem }}
</style></head><body>
<h1>{title}</h1>
"""


def render(title: str, blocks: Sequence[Block], folder: Path) -> str:
    """Return the page, with the figures of `folder` inside."""
    parts = [HTML_HEAD.format(title=escape(title)), *(_block(each, folder) for each in blocks)]
    return "\n".join([*parts, "</body></html>\n"])


def _block(block: Block, folder: Path) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text, is_mark):
            return f'<p class="mark">{escape(text)}</p>' if is_mark else f"<p>{escape(text)}</p>"
        case Listing(lines):
            return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
        case Table():
            return _table(block)
        case Picture():
            return _picture(block, folder)


def _picture(each: Picture, folder: Path) -> str:
    caption, data = escape(each.caption), base64.b64encode((folder / each.file).read_bytes()).decode()
    image = f'<img src="data:image/svg+xml;base64,{data}" alt="{caption}">'
    return f"<figure>{image}<figcaption>{caption} · {escape(each.file)}</figcaption></figure>"


def _table(each: Table) -> str:
    if not each.rows:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in each.columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in each.rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: object) -> str:
    text = words(value)
    kind = ' class="n"' if is_number(value) else ' class="s"' if len(text) < MAX_UNBROKEN else ""
    return f"<td{kind}>{escape(text)}</td>"
