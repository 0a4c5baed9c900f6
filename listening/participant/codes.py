"""The personal code: what brings an assessor back on a device that does not know the link.

It has 40 random bits and is good in one study. Guesses are counted for each address in the cache (of this process,
unless Django is given another): a lab's worth of slips passes, and the 10⁹ tries that a hit takes do not.
"""

import re

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from listening.models import Session, Study

WRONG_CODES = 30
"""Wrong codes that one address may send in `WITHIN` seconds."""

WITHIN = 600


class TooManyCodes(Exception):
    """This address has sent too many wrong codes lately."""


def grouped(code: str) -> str:
    """Return a code as people copy it: “K7QM-2XVD”."""
    return f"{code[:4]}-{code[4:]}"


def coded(request: HttpRequest, study: Study) -> Session | None:
    """Return the sitting whose code was typed, None for a wrong one; raise `TooManyCodes` after too many of those.

    Small letters, spaces and hyphens do not matter.
    """
    counter = f"wrong codes from {_address(request)}"
    wrong = cache.get(counter, 0)
    if wrong >= WRONG_CODES:
        raise TooManyCodes
    typed = re.sub(r"[\W_]", "", request.POST.get("code", "")[:40]).upper()
    sitting = study.sessions.filter(code=typed).first()
    if sitting is None:
        cache.set(counter, wrong + 1, WITHIN)
    return sitting


def _address(request: HttpRequest) -> str:
    """Return where a request comes from; behind a proxy, what the proxy itself has added last."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_HTTPS else ""
    return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))
