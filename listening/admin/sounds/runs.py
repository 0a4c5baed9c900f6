"""The runs of an intake: started by its pages, shown on them, cancelled from them."""

from django.db import IntegrityError, transaction

from listening import tasks
from listening.models import Intake, Preparation
from lossmodel.errors import BadInput


def start(intake: Intake, work: Preparation.Work) -> Preparation:
    """Return the new run, sent to a worker; `BadInput` where one is busy with the intake already."""
    try:
        with transaction.atomic():
            run = Preparation.objects.create(intake=intake, work=work)
    except IntegrityError:
        raise BadInput("the sounds are being processed; wait until that is finished, or cancel it") from None
    tasks.send(run)
    return run


def newest(intake: Intake) -> Preparation | None:
    """Return the run that was started last."""
    return intake.preparations.order_by("-pk").first()
