"""The personal code: what brings an assessor back on a device that does not know the link.

It has 40 random bits and is good in one study. Guesses are counted for each address (`listening.limits`): a lab's worth
of slips passes, and the 10⁹ tries that a hit takes do not.
"""

import re

from django.http import HttpRequest

from listening.limits import Limit, address
from listening.models import Session, Study

WRONG_CODES = Limit("wrong-codes", attempts=30, window_seconds=600)
"""Wrong codes that one address may send."""


class TooManyCodes(Exception):
    """This address has sent too many wrong codes lately."""


def grouped(code: str) -> str:
    """Return a code as people copy it: “K7QM-2XVD”."""
    return f"{code[:4]}-{code[4:]}"


def session_by_code(request: HttpRequest, study: Study) -> Session | None:
    """Return the sitting whose code was typed, None for a wrong one; raise `TooManyCodes` after too many of those.

    Small letters, spaces and hyphens do not matter.
    """
    if WRONG_CODES.reached(address(request)):
        raise TooManyCodes
    typed = re.sub(r"[\W_]", "", request.POST.get("code", "")).upper()
    sitting = study.sessions.filter(code=typed).first()
    if sitting is None:
        WRONG_CODES.take(address(request))
    return sitting
