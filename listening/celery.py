"""Jobs: a message only wakes a worker; what is to be done, and how far it is, stands in the run's row."""

import os
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_prerun
from django.conf import settings

from listening import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "listening.settings")

app = Celery("hearback")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["listening"])


def log_as_the_site_does(**_: Any) -> None:
    """Log as the settings say, in workers too."""
    dictConfig(settings.LOGGING)


def begin_anew(task_id: str, **_: Any) -> None:
    """Tell the lines of one task from those of the one before."""
    logs.forget()
    logs.note(task=task_id)


setup_logging.connect(log_as_the_site_does)
task_prerun.connect(begin_anew)
