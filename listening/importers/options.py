"""What a researcher tells an importer that the files do not say."""

from dataclasses import dataclass
from pathlib import Path

from lossmodel.errors import BadInput

AUTOMATIC = "auto"
BY_ELEMENT, BY_FOLDER, BY_FILE = "element", "folder", "file"
NAMINGS = (AUTOMATIC, BY_ELEMENT, BY_FOLDER, BY_FILE)
"""Where the name of a condition is found: the id of the sound's element, its file's folder, or its file's name."""


@dataclass(frozen=True)
class Options:
    """`scale` are the ends of the published scores; `session_column` names the column that identifies sessions.

    `conditions` is one of `NAMINGS` or the path of a CSV table (`tables.read_conditions`); `results` is a file of
    ratings that does not lie where its software puts it; `pages` is the type of webMUSHRA's pages that is meant. What
    is empty is found out from the files.
    """

    scale: tuple[float, float] | None = None
    session_column: str = ""
    conditions: str = AUTOMATIC
    results: Path | None = None
    pages: str = ""

    @property
    def given(self) -> dict[str, str]:
        """Return the options that differ from their defaults, by the name they have on the command line."""
        scale = "" if self.scale is None else f"{self.scale[0]:g}-{self.scale[1]:g}"
        conditions = "" if self.conditions == AUTOMATIC else self.conditions
        named = {
            "scale": scale, "session-column": self.session_column, "conditions": conditions,
            "results": str(self.results or ""), "pages": self.pages,
        }  # fmt: skip
        return {name: value for name, value in named.items() if value}


def scale(text: str) -> tuple[float, float] | None:
    """Return the ends that `text` names, None for "".

    >>> scale("1-5")
    (1.0, 5.0)
    """
    if not text:
        return None
    low, _dash, high = text.partition("-")
    try:
        ends = (float(low), float(high))
    except ValueError:
        ends = (0.0, 0.0)
    if not ends[0] < ends[1] < float("inf"):
        raise BadInput(f"--scale {text!r}: give its lowest and its highest score, for example 1-5")
    return ends
