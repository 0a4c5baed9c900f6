"""Other people's tests: one file a format, one way of writing them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from listening.importers import sisec2018, waet, ward2018, webmushra
from listening.importers.published import Published, write
from listening.models import Study
from listening.stimuli import from_folder
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent

READERS: Mapping[str, Callable[[Path], Published]] = MappingProxyType(
    {"ward2018": ward2018.read, "sisec2018": sisec2018.read, "webmushra": webmushra.read, "waet": waet.read}
)
FORMATS = (*READERS, "folder")
METHOD = "ward-2"


def import_study(
    path: Path, kind: str, slug: str = "", report: Report = silent, *, preset: str = "", language: str = ""
) -> Study:
    """Return the test at `path`, of a format in `FORMATS`, as a study called `slug` (empty: after the test).

    `folder` makes a draft by the method `preset` (empty: ward-2) in a `language` (empty: the browser's); the others
    keep what was published and close the study. Raises `BadInput`, and keeps nothing, for whatever cannot be used.
    """
    if not path.exists():
        raise BadInput(f"{path}: no such file or folder")
    if kind == "folder":
        return from_folder(path, slug, preset=preset or METHOD, report=report, language=language)
    for option, given in {"preset": preset, "language": language}.items():
        if given:
            raise BadInput(f"--{option} {given}: a test of the format {kind} has its own; only a folder takes one")
    if kind not in READERS:
        raise BadInput(f"no format is called {kind!r}; known are: {', '.join(FORMATS)}")
    return write(READERS[kind](path), slug, report)
