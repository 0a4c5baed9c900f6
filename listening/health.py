"""Whether the site can do its work, for load balancers and containers: they ask by address and without TLS."""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone

from listening.models import HealthProbe

MIN_SECONDS_BETWEEN_WRITES = 1.0
"""However often anybody asks, a process writes so seldom; between, the last finding stands."""

logger = logging.getLogger(__name__)


class Health:
    """Middleware that answers `/healthz` and `/readyz` before any host is checked or redirected to https.

    `/healthz`: 200 while the database takes writes. `/readyz`: 200 once its tables are those of the code, too. Else
    503 with the reason in a word; it tells no more, since anybody may ask.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.asked, self.found = float("-inf"), ""
        self.migrated = False

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or pass the request on."""
        if request.path == "/healthz":
            return _answer(self._unwritable())
        if request.path == "/readyz":
            return _answer(self._unwritable() or self._unmigrated())
        return self.get_response(request)

    def _unwritable(self) -> str:
        """Return why nothing can be stored; "" if it can."""
        if time.monotonic() - self.asked >= MIN_SECONDS_BETWEEN_WRITES:
            self.found = _trouble(HealthProbe.write, "the database does not accept writes")
            self.asked = time.monotonic()
        return self.found

    def _unmigrated(self) -> str:
        """Return why the tables are not those of the code; "" if they are, which is found out once."""
        if self.migrated:
            return ""
        trouble = _trouble(self._look_for_migrations, "the database does not answer")
        return trouble or ("" if self.migrated else "migrations are missing: manage.py migrate")

    def _look_for_migrations(self) -> None:
        executor = MigrationExecutor(connection)
        self.migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _trouble(check: Callable[[], None], said: str) -> str:
    try:
        check()
    except DatabaseError:
        logger.exception("health: %s", said)
        if not connection.in_atomic_block:
            connection.close()
        return said
    return ""


def _answer(trouble: str) -> JsonResponse:
    body = {"status": trouble or "ok", "time": timezone.now()}
    return JsonResponse(body, status=503 if trouble else 200, headers={"Cache-Control": "no-store"})
