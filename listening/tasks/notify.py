"""Notices are sent, each by its way; what fails is tried again later."""

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail

from listening import webhook
from listening.models import Notice
from lossmodel.errors import BadInput

SUBJECT = "{study} has all the participants it needs"
BODY = "{finished}{of} have finished{cells}{closed}.\n\n{link}\n"


@shared_task(name="listening.tasks.notify")
def notify() -> int:
    """Send the notices that are due; return how many arrived."""
    return sum(_send(notice) for notice in Notice.objects.due().select_related("study") if notice.claim())


def _send(notice: Notice) -> bool:
    """Send one notice; False if it did not arrive, and then it says why."""
    try:
        if notice.channel == Notice.Channel.EMAIL:
            _mail(notice)
        else:
            webhook.post(notice.address, notice.payload, key=webhook.secret(notice.study_id))
    except (BadInput, OSError) as error:
        notice.failed(str(error) if isinstance(error, BadInput) else type(error).__name__)
        return False
    notice.sent()
    return True


def _mail(notice: Notice) -> None:
    closed = ", and the study is closed" if notice.payload["closed"] else ""
    link = f"{settings.SITE_URL}/admin/listening/study/{notice.study_id}/listeners/"
    quota, cell_quota = notice.payload["quota"], notice.payload.get("cell_quota")
    words = notice.payload | {
        "study": notice.study.title.replace("\n", " "), "closed": closed, "link": link,
        "of": "" if quota is None else f" of {quota}",
        "cells": "" if cell_quota is None else f"; asked for are {cell_quota} ratings of each cell",
    }  # fmt: skip
    send_mail(SUBJECT.format(**words), BODY.format(**words), None, [notice.address])
