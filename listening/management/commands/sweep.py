"""Find runs whose worker or message was lost, and send them again; for cron, every few minutes."""

from typing import Any

from django.utils import timezone

from listening import tasks
from listening.management import base
from listening.models import RUNS


class Command(base.Command):
    help = "Resume runs whose worker fell silent, and send again what waits for too long.  For cron: manage.py sweep"

    def handle(self, **_: Any) -> None:
        found = [line for kind in RUNS for line in self._sweep(kind)]
        for line in found:
            self.stdout.write(line)
        if not found:
            self.stdout.write("nothing is lost or forgotten")

    def _sweep(self, kind: Any) -> list[str]:
        lines = []
        for run in kind.objects.lost():
            if run.resume():
                tasks.send(run)
                lines.append(f"{run}: its worker fell silent at step {run.step}; resumed")
        for run in kind.objects.forgotten():
            kind.objects.filter(pk=run.pk, status="queued").update(queued_at=timezone.now())
            tasks.send(run)
            lines.append(f"{run}: waited since {run.queued_at:%Y-%m-%d %H:%M}; sent again")
        return lines
