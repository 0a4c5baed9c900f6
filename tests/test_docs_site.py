"""The documentation's site has every page in its navigation, and the Python reference names what exists."""

import importlib
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
NAMED = re.findall(r"^::: ([\w.]+)$", (DOCS / "reference" / "python.md").read_text(encoding="utf-8"), re.MULTILINE)


def pages(nav: object) -> list[str]:
    """Return the files of a navigation, in its order.

    >>> pages([{"Start": "index.md"}, {"How-to": [{"Install": "install.md"}]}])
    ['index.md', 'install.md']
    """
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [page for part in parts for page in pages(part)]


def test_the_navigation_has_every_page_once():
    shown = pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    stored = [path.relative_to(DOCS).as_posix() for kind in ("*.md", "*.ipynb") for path in DOCS.rglob(kind)]
    assert sorted(shown) == sorted(stored)


@pytest.mark.parametrize("name", NAMED)
def test_the_python_reference_names_what_exists(name):
    parts = name.split(".")
    assert any(_has(".".join(parts[:cut]), parts[cut:]) for cut in range(len(parts), 0, -1)), (
        f"docs/reference/python.md: {name} does not exist"
    )


def _has(module: str, attributes: list[str]) -> bool:
    """Return whether a module exists and has the attribute, if one is named."""
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        return False
    return len(attributes) <= 1 and all(hasattr(found, each) for each in attributes)
