"""gunicorn reads this file where it is started: its lines go the way of the site's (docs/operate.md)."""

from listening.settings import WEB_PROCESSES

logger_class = "listening.gunicorn_log.Logger"
workers = WEB_PROCESSES
