"""Jobs: a message only wakes a worker; what is to be done, and how far it is, stands in the run's row."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "listening.settings")

app = Celery("hearback")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["listening"])
