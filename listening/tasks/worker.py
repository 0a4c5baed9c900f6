"""What a worker process does besides its tasks: it refuses a device that is not there, and it sweeps."""

import sys
from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutdown
from django.conf import settings

from listening.tasks.sweeping import Sweeper
from lossmodel.cli import EXIT_BAD_INPUT
from lossmodel.errors import BadInput

GPU_QUEUE = "gpu"

_sweepers: list[Sweeper] = []


def connect() -> None:
    """Take part in the life of a worker; in other processes nothing of this happens."""
    worker_init.connect(check_device)
    worker_ready.connect(begin_sweeping)
    worker_shutdown.connect(end_sweeping)


def check_device(sender: Any, **_: Any) -> None:
    """End a worker of the queue `gpu` whose device is not there, before it claims a run and fails it."""
    if GPU_QUEUE not in sender.app.amqp.queues.consume_from:
        return
    from separation import device

    try:
        device.parse(settings.TRAINING_DEVICE)
    except BadInput as error:
        sys.stderr.write(f"this worker does not start: TRAINING_DEVICE, {error}, or leave out the queue {GPU_QUEUE}\n")
        sys.exit(EXIT_BAD_INPUT)


def begin_sweeping(**_: Any) -> None:
    """Sweep beside the tasks, unless `settings.SWEEP_EVERY` is 0."""
    if settings.SWEEP_EVERY:
        _sweepers.append(Sweeper())
        _sweepers[-1].start()


def end_sweeping(**_: Any) -> None:
    """Let the sweep under way end, and begin no other."""
    while _sweepers:
        sweeper = _sweepers.pop()
        sweeper.over.set()
        sweeper.join()
