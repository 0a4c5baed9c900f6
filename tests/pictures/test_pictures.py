"""The documentation shows the pictures that are taken for it, all of them and no other."""

import re
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

from tests.pictures.demonstration import Demonstration
from tests.pictures.gallery import index, sheet_name
from tests.pictures.screenshots import files, pages

ROOT = Path(__file__).resolve().parents[2]


ROWS = Demonstration(**{field.name: SimpleNamespace(pk=1, token="link") for field in fields(Demonstration)})


def test_each_picture_of_the_studio_is_taken_by_the_script_and_shown_in_the_documentation():
    taken = {file for name, shown in pages(ROWS).items() for file, *_ in files(name, shown)}
    texts = [path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))]
    shown = {name for text in texts for name in re.findall(r"images/(studio-[\w-]+\.png)", text)}
    stored = {path.name for path in (ROOT / "docs" / "images").glob("studio-*.png")}
    assert taken == shown == stored


def test_every_page_has_its_sheet():
    names = list(pages(ROWS))
    assert (ROOT / "docs" / "pages.md").read_text() == index(names)
    stored = {
        path.relative_to(ROOT / "docs" / "images").as_posix() for path in (ROOT / "docs" / "images" / "pages").iterdir()
    }
    assert stored == {sheet_name(name) for name in names}
