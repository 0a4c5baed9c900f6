"""Sweep by hand, or from cron where no worker does (SWEEP_EVERY=0)."""

from typing import Any

from listening import tasks
from listening.management import base


class Command(base.Command):
    help = (
        "Resume runs whose worker stopped responding, requeue those waiting too long, send notices, and delete "
        "left-over uploads. Workers do this by themselves. Example: manage.py sweep"
    )

    def handle(self, **_: Any) -> None:
        for line in tasks.sweep() or ["nothing to do"]:
            self.stdout.write(line)
