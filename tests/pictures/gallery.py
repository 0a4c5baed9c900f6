"""One sheet a page: desktop and phone, light and dark, side by side; and docs/pages.md that shows them all."""

from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.pictures.screenshots import SCHEMES, SCREENS, Shown, take_all

SHARE = 2 / 3
"""Size of a page on its sheet."""
GAP = 16
QUALITY = 70
HEAD = """# Every page of the researcher's site

At 1440 and at 390 pixels, light and dark, from made-up songs and listeners. `make pictures` takes them anew; the
[assessor's pages](assessor-pages.md) have a page of their own.
"""


def sheet_name(page: str) -> str:
    """Return the file of a page's sheet, below docs/images."""
    return f"pages/{page}.webp"


def take_sheets(address: str, shown: dict[str, Shown], images: Path) -> None:
    """Write the sheet of each page into `images`, and the list of all sheets beside it."""
    with TemporaryDirectory() as passing:
        take_all(address, shown, Path(passing))
        for name in shown:
            _sheet(Path(passing), name, images / sheet_name(name))


def index(names: list[str]) -> str:
    """Return the text of docs/pages.md."""
    return HEAD + "".join(f"\n## {name}\n![{name}](images/{sheet_name(name)})\n" for name in names)


def _sheet(folder: Path, name: str, to: Path) -> None:
    views = [_shrunk(folder / f"{name}-{screen}-{scheme}.png") for screen in SCREENS for scheme in SCHEMES]
    width = sum(view.width for view in views) + GAP * (len(views) - 1)
    sheet = Image.new("RGB", (width, max(view.height for view in views)), "white")
    left = 0
    for view in views:
        sheet.paste(view, (left, 0))
        left += view.width + GAP
    to.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(to, quality=QUALITY, method=6)


def _shrunk(path: Path) -> Image.Image:
    image = Image.open(path).convert("RGB")
    return image.resize((round(image.width * SHARE), round(image.height * SHARE)), Image.Resampling.LANCZOS)
