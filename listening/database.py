"""The database's own clock, and queries that outlive its restart.

The clocks of web processes and workers differ, by minutes where nobody sets them; what one writes and another compares
is therefore the database's time alone.
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection
from django.db.models import DateTimeField, ExpressionWrapper, Value
from django.db.models.functions import Now

WAITS_SECONDS = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""How long a query waits before each further try: a minute in all, as long as a database takes to restart."""

Result = TypeVar("Result")
logger = logging.getLogger(__name__)


def ago(span: dt.timedelta) -> "ExpressionWrapper[Any]":
    """Return the time `span` before now, by the clock of the database, to be compared with a column."""
    return ExpressionWrapper(Now() - Value(span), output_field=DateTimeField())


def patiently(query: Callable[[], Result]) -> Result:
    """Return what `query` returns, on a new connection and for up to a minute where the connection is lost.

    It must be safe to repeat. Within a transaction the error is raised at once, since what came before is lost too.
    """
    for wait in WAITS_SECONDS:
        try:
            return query()
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block:
                raise
            logger.warning("the database does not answer (%s); trying again in %g s", error, wait)
            connection.close()
            threading.Event().wait(wait)
    return query()
