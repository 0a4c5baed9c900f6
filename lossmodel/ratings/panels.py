"""Ratings that may be looked at together: those of one study, one attribute, and either of people or simulated."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

PANEL_COLUMNS = ["study", "attribute", "simulated"]


class PanelKey(NamedTuple):
    """Which ratings a panel holds. Nothing is ever pooled over two panels."""

    study: str
    attribute: str
    simulated: bool

    def __str__(self) -> str:
        """Return the panel's name, in which simulated ratings are called so."""
        name = ", ".join(part for part in (self.study, self.attribute) if part)
        return f"{name} (simulated)" if self.simulated else name


def panels(frame: pd.DataFrame) -> Iterator[tuple[PanelKey, pd.DataFrame]]:
    """Yield each panel of a ratings table with its ratings, sorted by study and attribute, people first."""
    for (study, attribute, simulated), own in frame.groupby(PANEL_COLUMNS, sort=True):
        yield PanelKey(str(study), str(attribute), bool(simulated)), own
