"""What every kind of run does: claim its row, work under its heartbeat, file a result that a database takes."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

from listening import logs
from listening.heartbeat import heartbeat
from listening.models import Run, while_claimed
from lossmodel.progress import Report

AnyRun = TypeVar("AnyRun", bound=Run)


def carry_out(run: AnyRun, work: Callable[[AnyRun, Report], None], report: Report) -> None:
    """Do `work` if the row can be claimed; nothing where another worker has it."""
    logs.note(run=f"{run._meta.model_name}/{run.pk}")
    with while_claimed(run) as mine:
        if mine is not None:
            with heartbeat(run, report) as beat:
                work(run, beat)


def finite(value: Any) -> Any:
    """Return `value` as databases take JSON: what is not a finite number becomes null."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
