"""Notices are sent, each by its way; what fails is tried again later."""

from typing import Any

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail

from listening import webhook
from listening.models import Analysis, Notice
from lossmodel.errors import BadInput

FULL = ("{study} has all the participants it needs", "{finished}{of} have finished{cells}{closed}.\n\n{link}\n")
ENDED = ("{name}: {status}", "{name} is {status}.{why}\n\n{link}\n")
"""Subject and body of a mail that a study is full, and that a run has ended."""


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
    about_study = notice.study is not None
    subject, body = FULL if about_study else ENDED
    words = notice.payload | (_of_study(notice) if about_study else _of_run(notice.payload))
    send_mail(" ".join(subject.format(**words).split()), body.format(**words), None, [notice.address])


def _of_study(notice: Notice) -> dict[str, str]:
    study, quota, cell_quota = notice.study, notice.payload["quota"], notice.payload.get("cell_quota")
    return {
        "study": str(study.title if study else ""), "closed": ", and the study is closed" * notice.payload["closed"],
        "of": "" if quota is None else f" of {quota}",
        "cells": "" if cell_quota is None else f"; asked for are {cell_quota} ratings of each cell",
        "link": f"{settings.SITE_URL}/admin/listening/study/{notice.study_id}/listeners/",
    }  # fmt: skip


def _of_run(payload: dict[str, Any]) -> dict[str, str]:
    """Return why a run failed, and the address of its page; that of an analysis is a tab of its study."""
    kind, number = payload["run"].split("/")
    page = (
        f"study/{Analysis.objects.get(pk=number).study_id}/results/"
        if kind == "analysis"
        else f"{kind}/{number}/change/"
    )
    why = f"\n\n{payload['message']}" if payload["status"] == "failed" else ""
    return {"why": why, "link": f"{settings.SITE_URL}/admin/listening/{page}"}
