"""gunicorn's own lines, its access log included where it is turned on, in the form of the site's (gunicorn.conf.py)."""

from typing import Any

from django.conf import settings
from gunicorn import glogging

from listening import logs


class Logger(glogging.Logger):
    """gunicorn's logger; every line passes through `logs.redacted`, since addresses hold the secrets of links."""

    def setup(self, cfg: Any) -> None:
        """Open the logs as gunicorn was told, and form their lines as the settings say."""
        super().setup(cfg)
        formatter = logs.FORMATTERS[settings.LOG_FORMAT]()
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(formatter)
