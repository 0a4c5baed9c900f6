"""gunicorn reads this file where it is started: its lines go the way of the site's (docs/operate.md)."""

logger_class = "listening.gunicorn_log.Logger"
