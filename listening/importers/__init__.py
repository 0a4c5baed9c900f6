"""Other people's tests: one file a format, one way of writing them, one report of what came in."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from listening.importers import sisec2018, waet, ward2018, webmushra
from listening.importers.options import Options
from listening.importers.published import Published
from listening.importers.sounds import check_names
from listening.importers.writing import write
from listening.models import Study
from listening.stimuli import from_folder
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent

READERS: Mapping[str, Callable[[Path, Options], Published]] = MappingProxyType(
    {
        "ward2018": lambda path, _options: ward2018.read(path),
        "sisec2018": lambda path, _options: sisec2018.read(path),
        "webmushra": webmushra.read,
        "waet": waet.read,
    }
)
FORMATS = (*READERS, "folder")
OPTIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "webmushra": frozenset({"scale", "session-column", "conditions", "results", "pages"}),
        "waet": frozenset({"conditions"}),
    }
)
"""Which options each format takes."""
METHOD = "ward-2"


def import_study(
    path: Path,
    kind: str,
    slug: str = "",
    report: Report = silent,
    *,
    preset: str = "",
    language: str = "",
    options: Options | None = None,
    fix: bool = False,
    accept: Collection[str] = (),
) -> Study:
    """Return the test at `path`, of a format in `FORMATS`, as a study called `slug` (empty: after the test).

    `folder` makes a draft by the method `preset` (empty: ward-2) in a `language` (empty: the browser's), where `fix`
    mends what can be mended safely and `accept` names kinds of fault to be taken as they are; the others keep what was
    published and close the study, whose `import_report` tells what came in and what did not. Raises `BadInput`, and
    keeps nothing, for whatever cannot be used.
    """
    options = options or Options()
    if not path.exists():
        raise BadInput(f"{path}: no such file or folder")
    check_names(path)
    if other := {name: value for name, value in options.given.items() if name not in OPTIONS.get(kind, ())}:
        name, value = next(iter(other.items()))
        raise BadInput(f"--{name} {value}: not an option of the format {kind}; omit it")
    if kind == "folder":
        return from_folder(
            path, slug, preset=preset or METHOD, fix=fix, accept=accept, report=report, language=language
        )
    for option, given in {"preset": preset, "language": language, "fix": fix, "accept": ", ".join(accept)}.items():
        if given:
            raise BadInput(f"--{option} {given}: a test of the format {kind} has its own; use it only with a folder")
    if kind not in READERS:
        raise BadInput(f"no format is called {kind!r}; known are: {', '.join(FORMATS)}")
    return write(READERS[kind](path, options), slug, report)
