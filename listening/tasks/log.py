"""What a run says while it works, kept in its folder: when it began and ended, warnings, and why it failed."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from listening.models.learning import LOG_FILE, Artefact

LOGGERS = ("listening", "separation", "lossmodel", "py.warnings")
FORMAT = "%(asctime)s %(levelname)s %(message)s"

logger = logging.getLogger(__name__)


@contextmanager
def run_log(run: Artefact) -> Iterator[None]:
    """Append to the log of `run` what is logged within the block, and how the block ended."""
    run.folder.mkdir(parents=True, exist_ok=True)
    keeper = logging.FileHandler(run.folder / LOG_FILE, encoding="utf-8", delay=True)
    keeper.setFormatter(logging.Formatter(FORMAT))
    for name in LOGGERS:
        logging.getLogger(name).addHandler(keeper)
    try:
        logger.info("%s: attempt %d", run, run.attempts)
        yield
        run.refresh_from_db(fields=["status"])
        logger.info("%s: %s", run, run.get_status_display())
    except BaseException:
        logger.exception("%s ended", run)
        raise
    finally:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(keeper)
        keeper.close()
