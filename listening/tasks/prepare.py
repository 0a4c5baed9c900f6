"""Check the files of an intake, or prepare them: their sounds come into the draft all or none."""

from celery import shared_task

from listening import stimuli
from listening.intake.faults import check, stops
from listening.models import Preparation
from listening.stimuli import intakes
from listening.stimuli.preparing import let_in
from listening.tasks.runs import carry_out
from lossmodel.errors import BadInput, is_disc_full
from lossmodel.progress import Report, silent


@shared_task(name="listening.tasks.prepare")
def prepare(pk: int, report: Report = silent) -> None:
    """Check or prepare the files of an intake, as the row says."""
    run = Preparation.objects.select_related("intake__study").get(pk=pk)
    carry_out(run, _work, report)


def _work(run: Preparation, report: Report) -> None:
    """Do what the row says; a full disc is told in words."""
    try:
        (_check if run.work == Preparation.Work.CHECK else _prepare)(run, report)
    except OSError as error:
        if not is_disc_full(error):
            raise
        raise BadInput("the server's disk is full: the study is unchanged; continue when there is room") from None


def _check(run: Preparation, report: Report) -> None:
    grid = intakes.check_files(run.intake, report)
    faults = check(grid)
    run.finish(report={"files": len(grid.files), "faults": len(faults), "to_mend": len(stops(faults))})


def _prepare(run: Preparation, report: Report) -> None:
    grid, made = intakes.make_files(run.intake, report)
    with stimuli.together():
        prepared = let_in(run.intake.study, grid, made)
        run.intake.end()
        run.finish(report=prepared.to_json())
    run.intake.sweep()
