"""What ends a training early, made harmless: Ctrl-C between two steps, a full disc or too little memory in one line."""

import errno
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lossmodel.errors import BadInput


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt if Ctrl-C was pressed meanwhile: no step is ever cut in half."""
    pressed = threading.Event()

    def interrupted() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def explained(place: Path, settings: str) -> Iterator[None]:
    """Turn a full disc and too little memory into one clear line; `settings` says what to lower for less memory."""
    try:
        yield
    except OSError as error:
        if not _is_full_disc(error):
            raise
        raise BadInput(f"{place}: the disk is full; make room and resume") from error
    except MemoryError as error:
        raise BadInput(f"{place}: out of memory; {settings}") from error
    except RuntimeError as error:
        if "memory" not in str(error):
            raise
        raise BadInput(f"{place}: out of memory; {settings}") from error


def _is_full_disc(error: OSError) -> bool:
    """Tell whether there was no room; NumPy says only how many of the bytes requested were written."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT} or "requested and" in str(error)
