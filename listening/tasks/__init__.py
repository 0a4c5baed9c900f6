"""What workers do: claim a row, call the learning side, file the result. One file a kind of run.

The only place of the site that meets torch and pandas, and only inside functions. A message may come twice, late or
never (see `listening.models.run`); all are sent by `send`.
"""

from listening.tasks.align import align
from listening.tasks.analyse import analyse
from listening.tasks.fit import PREDICTIONS_FILE, fit
from listening.tasks.machine import machine
from listening.tasks.messages import queue_of, send, task_of, wake
from listening.tasks.notify import notify
from listening.tasks.prepare import prepare
from listening.tasks.render import render
from listening.tasks.simulate import simulate
from listening.tasks.sweeping import sweep
from listening.tasks.train import train
from listening.tasks.worker import connect

__all__ = [
    "PREDICTIONS_FILE", "align", "analyse", "fit", "machine", "notify", "prepare", "queue_of", "render", "send",
    "simulate", "sweep", "task_of", "train", "wake",
]  # fmt: skip

connect()
