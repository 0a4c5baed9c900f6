"""How long work says where it is: a plain callback, drawn as a bar on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

Report = Callable[[int, int], None]
"""``report(step, steps)`` after each step. It may raise to stop the work between two steps."""


def silent(step: int, steps: int) -> None:
    """Report to nobody."""


@contextmanager
def bar(title: str) -> Iterator[Report]:
    """Draw a progress bar on standard error while the block runs; nothing when it is not a terminal."""
    with tqdm(desc=title, disable=not sys.stderr.isatty(), leave=False) as drawn:

        def report(step: int, steps: int) -> None:
            drawn.total = steps
            drawn.update(step - drawn.n)

        yield report


def parts(report: Report, *weights: float) -> list[Report]:
    """Return a report for each part of a work, of which they take `weights` of the time; the whole counts to 1000."""
    whole = sum(weights)
    return [_part(report, sum(weights[:at]) / whole, weight / whole) for at, weight in enumerate(weights)]


def _part(report: Report, start: float, share: float) -> Report:
    def reported(step: int, steps: int) -> None:
        report(round(1000 * (start + share * step / max(steps, 1))), 1000)

    return reported
