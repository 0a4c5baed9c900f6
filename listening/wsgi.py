"""The web process: ``gunicorn listening.wsgi``. The first assessor finds every page's template read already."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "listening.settings")

application = get_wsgi_application()

from listening.participant.pages import preload_templates  # noqa: E402 it needs the application's registry

preload_templates()
