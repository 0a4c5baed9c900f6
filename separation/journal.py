"""What a training says while it goes on: a line of JSON a step, and events for TensorBoard if wanted."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lossmodel.errors import BadInput
from lossmodel.files import whole
from separation.training import Training

METRICS = "metrics.jsonl"
EVENTS = "events"


class Journal:
    """Writes records that have a `step`; their other numbers become TensorBoard's scalars. It may write nowhere."""

    def __init__(self, lines: Any | None, events: Any | None) -> None:
        self._lines = lines
        self._events = events

    def write(self, record: Mapping[str, Any]) -> None:
        """Write one record at once, so that whoever watches sees it."""
        if self._lines is not None:
            self._lines.write(json.dumps(record) + "\n")
            self._lines.flush()
        if self._events is None:
            return
        for name, value in record.items():
            if isinstance(value, int | float) and name != "step":
                self._events.add_scalar(name, value, record["step"])


@contextmanager
def journal(training: Training) -> Iterator[Journal]:
    """Open the journal of a training where it stands: what was written later is taken back, one process writes."""
    if not training.fabric.is_global_zero:
        yield Journal(None, None)
        return
    output, step = training.output, training.step
    events = _writer(output / EVENTS, step) if training.recipe.tensorboard else None
    _cut(output / METRICS, step)
    with (output / METRICS).open("a", encoding="utf-8") as lines:
        try:
            yield Journal(lines, events)
        finally:
            if events is not None:
                events.close()


def _writer(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard.writer import SummaryWriter
    except ImportError:
        raise BadInput("tensorboard = true needs the package tensorboard; install it, or set it to false") from None
    return SummaryWriter(str(folder), purge_step=step + 1)


def _cut(path: Path, step: int) -> None:
    """Drop what was written after the state was kept: those steps are taken again."""
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    with whole(path) as part:
        part.write_text("".join(line for line in lines if _before(line, step)), encoding="utf-8")


def _before(line: str, step: int) -> bool:
    try:
        record: Mapping[str, Any] = json.loads(line)
    except json.JSONDecodeError:  # the machine died in the middle of a line
        return False
    return int(record["step"]) <= step
