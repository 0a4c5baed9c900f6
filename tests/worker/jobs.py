"""A worker's tasks for tests: one that works until it is told to end, carried out like every run."""

import threading
from pathlib import Path

from listening.celery import app
from listening.heartbeat import heartbeat
from listening.models import Objective, while_claimed
from lossmodel.progress import silent

PACE = 0.01
"""Seconds a step takes."""


@app.task(name="tests.work_until_the_gate_opens")
def work_until_the_gate_opens(pk: int) -> None:
    """Take steps until the file that the run names as its recipe exists, then file which attempt it was."""
    objective = Objective.objects.get(pk=pk)
    gate, pause = Path(objective.recipe), threading.Event()
    with while_claimed(objective) as run:
        if run is None:
            return
        with heartbeat(run, silent) as report:
            for step in range(1, 1_000_000):
                report(step, 1_000_000)
                if gate.exists():
                    break
                pause.wait(PACE)
        objective.finish(card={"attempt": objective.attempts})
