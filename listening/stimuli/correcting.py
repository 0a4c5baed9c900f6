"""Two people correct one grid: what each did is noted, and nobody undoes unseen what another did meanwhile.

Each page knows the version of the grid that it shows. A correction from an older version is taken where it touches
nothing that has changed since; else it is refused with what the other did.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from listening.intake.grid import Grid
from listening.models import Intake
from lossmodel.errors import BadInput

MAX_CORRECTIONS_KEPT = 100
"""Corrections that an intake remembers; a page older than these counts as touched everywhere."""


@dataclass(frozen=True)
class Correction:
    """One correction: who made it, in words what it does, and the version of the grid that its author saw."""

    by: str
    said: str
    seen: int


@dataclass(frozen=True)
class Noted:
    """A correction that was taken: the version it led to, and the names of what it touched."""

    version: int
    by: str
    said: str
    touched: Sequence[str]


def touched(before: Grid, after: Grid) -> set[str]:
    """Return the names of what a correction changes: `file 7`, `excerpt anna`."""
    old = {file.key: file for file in before.files}
    files = {f"file {file.key}" for file in after.files if old.get(file.key) != file}
    items = before.plan.excerpts.keys() | after.plan.excerpts.keys()
    cut = {item for item in items if before.plan.excerpts.get(item) != after.plan.excerpts.get(item)}
    return files | {f"excerpt {item}" for item in cut}


def missed(intake: Intake, seen: int) -> list[Noted]:
    """Return what was done to the grid since version `seen`, oldest first."""
    return [own for each in intake.corrections if (own := Noted(**each)).version > seen]


def told(noted: Sequence[Noted]) -> str:
    """Return in words who did what meanwhile; "" where nobody did anything.

    >>> told([Noted(3, "ada", "song1 is called anna now.", ["file 7"])])
    'Meanwhile ada: song1 is called anna now.'
    """
    return " ".join(_("Meanwhile %(who)s: %(what)s") % {"who": each.by, "what": each.said} for each in noted)


def note(intake: Intake, correction: Correction, names: set[str]) -> None:
    """Note a correction that touches `names`, and count the version up; call it in the transaction that stores it.

    Raises `BadInput` where another correction, unseen by its author, touched the same, or is stored at this moment.
    """
    others = missed(intake, correction.seen)
    forgotten = intake.version - correction.seen > len(others)
    if forgotten or any(names.intersection(each.touched) for each in others):
        again = _("Your change was not made: %s Repeat it if you still want it.") % correction.said
        raise BadInput(f"{told(others)} {again}".strip())
    own = Noted(intake.version + 1, correction.by, correction.said, sorted(names))
    kept: list[dict[str, Any]] = [*intake.corrections, asdict(own)][-MAX_CORRECTIONS_KEPT:]
    here = Intake.objects.filter(pk=intake.pk, version=intake.version)
    if not here.update(version=own.version, corrections=kept):
        raise BadInput(
            _("Somebody else changed the grid at the same time. Your change was not made: %s") % correction.said
        )
    intake.version, intake.corrections = own.version, kept
