"""Who may try a password: hashing it takes a processor for a quarter of a second, so tries are limited before it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from listening.limits import Limit, address

BY_ADDRESS = Limit("login-address", attempts=10, window_seconds=300)
BY_NAME = Limit("login-name", attempts=30, window_seconds=300)
"""Three addresses' worth: guesses from many addresses end here, and one that guesses alone locks nobody out."""
MAX_PARALLEL_CHECKS = 2
"""Passwords that one process hashes at a time; its other threads go on answering assessors."""
TOO_MANY = "too_many"

_checks = threading.BoundedSemaphore(MAX_PARALLEL_CHECKS)


class LoginForm(AdminAuthenticationForm):
    """The admin's form; error code `TOO_MANY` where a password is not even looked at."""

    def clean(self) -> dict[str, Any]:
        """Check name and password, if there are attempts left for this address and this name."""
        if self.request is None:
            return super().clean()
        with _attempt(self.request, str(self.cleaned_data.get("username", "")).strip().lower()):
            return super().clean()


@contextmanager
def _attempt(request: HttpRequest, name: str) -> Iterator[None]:
    """Count the attempt before the block, so that many at once are counted too; one that succeeds is given back."""
    own = address(request)
    if not (BY_ADDRESS.take(own) and BY_NAME.take(name)):
        raise ValidationError(_("Too many attempts. Please wait five minutes and try again."), code=TOO_MANY)
    if not _checks.acquire(blocking=False):
        BY_ADDRESS.give_back(own)
        BY_NAME.give_back(name)
        raise ValidationError(_("Others are signing in right now. Please try again."), code=TOO_MANY)
    try:
        yield
    finally:
        _checks.release()
    BY_ADDRESS.give_back(own)
    BY_NAME.give_back(name)
