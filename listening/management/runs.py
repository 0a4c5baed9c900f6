"""What the shell's buttons for fits, trainings and renderings share: the same rows and tasks as the admin's."""

from argparse import ArgumentParser
from typing import Any

from listening import tasks
from listening.management import base
from listening.models import Run
from lossmodel.errors import BadInput
from lossmodel.progress import bar


class RunCommand(base.Command):
    """A command that adds a run and carries it out here, or sends it to a worker with --queue."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--queue", action="store_true", help="send the run to a worker instead of doing it here")

    def start(self, run: Run, *, queue: bool) -> None:
        """Carry `run` out with a progress bar; `BadInput` as the work raises it, which also stands on the row."""
        if queue:
            tasks.send(run)
            self.stdout.write(f"{run} is queued; follow it in the admin, and start a worker if none is running")
            return
        with bar(str(run)) as report:
            tasks.task_of(run)(run.pk, report=report)
        run.refresh_from_db()
        self.stdout.write(f"{run}: {run.get_status_display()}")


def existing(kind: Any, pk: int | None) -> Any:
    """Return the row of `kind` with that number, None for no number; `BadInput` names those there are."""
    if pk is None:
        return None
    found = kind.objects.filter(pk=pk).first()
    if found is None:
        numbers = ", ".join(str(number) for number in kind.objects.order_by("-pk").values_list("pk", flat=True)[:20])
        raise BadInput(f"there is no {kind._meta.verbose_name} {pk}; there are: {numbers or 'none yet'}")
    return found
