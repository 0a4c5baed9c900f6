"""What MkDocs does to pages: `--help` of every command in docs/reference/options.md, and bars in the code of tables."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = "reference/options.md"
MARK = "<!-- help of every command -->"
SITE = """
import json
from django.core.management import get_commands, load_command_class
names = sorted(name for name, app in get_commands().items() if app == "listening")
texts = {name: load_command_class("listening", name).create_parser("manage.py", name).format_help() for name in names}
print("HELP" + json.dumps(texts))
"""


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:
    """Return the page with the help of every command in place of its mark; other pages unchanged."""
    if page.file.src_uri != PAGE:
        return markdown
    return markdown.replace(MARK, "\n\n".join(_sections()))


def on_page_content(html: str, **_: object) -> str:
    """Return the page with `\\|` as a bar in cells: GitHub's tables need the backslash, Python-Markdown shows it."""
    return re.sub(r"<td>.*?</td>", lambda cell: cell[0].replace("\\|", "|"), html, flags=re.DOTALL)


def _sections() -> Iterator[str]:
    """Yield the Markdown of each program, a heading and a block for each command."""
    yield "## manage.py"
    for name, text in json.loads(_output("manage.py", "shell", "-v", "0", "-c", SITE).split("HELP", 1)[1]).items():
        yield _section(f"manage.py {name}", text)
    for program in ("lossmodel", "separation"):
        yield f"## python -m {program}"
        for name in re.findall(r"• ([a-z][a-z-]+)", _output("-m", program, "--help")):
            yield _section(f"{program} {name}", _output("-m", program, name, "--help"))


def _section(title: str, text: str) -> str:
    """Return one command's heading and its help."""
    return f"### {title}\n\n```text\n{text.rstrip()}\n```"


def _output(*arguments: str) -> str:
    """Return what Python prints for these arguments, run in the project's folder."""
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout
