"""An answer in one line, within a fixed processor time: what every input must get."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from lossmodel.errors import BadInput

MAX_SECONDS = 20.0
"""Of processor time: others may keep it busy."""


class Hung(Exception):
    """An input has kept the processor for longer than any may."""


@contextmanager
def answered() -> Iterator[None]:
    """Let the block refuse its input by a `BadInput` of one line, and raise `Hung` where it takes long."""

    def stop(*_: object) -> None:
        raise Hung(f"no answer within {MAX_SECONDS:g} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
    try:
        yield
    except BadInput as refusal:
        if "\n" in str(refusal):
            raise AssertionError(f"more than one line: {refusal}") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
