"""Fonts beside those of the system: matplotlib's own, and Noto Sans CJK where its package is there (extra `cjk`)."""

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib import font_manager

CJK_PACKAGE: Final = "manimgx_fonts_cjk"
FAMILIES: Final = (
    "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans", "Arial Unicode MS",
)  # fmt: skip
"""Looked for in this order, glyph by glyph; those that are not installed are left out."""

REGULAR: Final = 400


def folders() -> list[Path]:
    """Return where fonts lie that are not the system's."""
    package = find_spec(CJK_PACKAGE)
    cjk = [Path(each) for each in package.submodule_search_locations or []] if package else []
    return [Path(mpl.get_data_path()) / "fonts" / "ttf", *cjk]


@cache
def families() -> list[str]:
    """Return those of `FAMILIES` that matplotlib can draw with."""
    for folder in folders()[1:]:
        for path in sorted(folder.glob("*.tt[cf]")):
            _add(path)
    installed = set(font_manager.get_font_names())
    return [name for name in FAMILIES if name in installed] or ["sans-serif"]


def _add(path: Path) -> None:
    """Add a font, a variable one as the regular one that it can be: matplotlib takes its thinnest for its weight."""
    known = font_manager.fontManager
    known.addfont(path)
    known.ttflist = [replace(each, weight=REGULAR) if each.fname == str(path) else each for each in known.ttflist]
