"""Why a metric has no value for an excerpt, in words for the table."""

from collections.abc import Mapping

from lossmodel.metrics.decibels import is_inaudible
from lossmodel.metrics.excerpt import Excerpt

NEITHER_GIVEN = "neither mixture nor accompaniment is given"
NOTHING_INTERFERES = "the accompaniment is silent: nothing can interfere"
NO_WINDOW = "no window of 1 s in which all sources are audible"
NOT_FINITE = "the result is not a finite number"

NEED_ACCOMPANIMENT = frozenset({"sir", "sar", "museval_sir", "museval_sar", "tps", "ips", "aps"})
ABOUT_INTERFERENCE = frozenset({"sir", "museval_sir", "ips"})


def reason(name: str, excerpt: Excerpt) -> str:
    """Return why a metric that could be computed has no value."""
    if name in NEED_ACCOMPANIMENT and excerpt.others is None:
        return NEITHER_GIVEN
    if name in ABOUT_INTERFERENCE and excerpt.others is not None and bool(is_inaudible(excerpt.others).all()):
        return NOTHING_INTERFERES
    return NO_WINDOW if name.startswith("museval_") else NOT_FINITE


def unforeseen(error: Exception) -> str:
    """Return an error that nobody foresaw as one line."""
    return f"could not be computed ({type(error).__name__}: {' '.join(str(error).split())})"


def sentence(why: Mapping[str, str]) -> str:
    """Return the reasons, each behind its metrics.

    >>> sentence({"sir": "nothing is given", "sar": "nothing is given", "tps": "too short"})
    'sir, sar: nothing is given; tps: too short'
    """
    each = {reason: [name for name, own in why.items() if own == reason] for reason in why.values()}
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in each.items())
