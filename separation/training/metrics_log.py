"""What a training says while it goes on: a line of JSON a step, and events for TensorBoard if wanted."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lossmodel.errors import BadInput
from lossmodel.files import atomic_file
from separation.training.completeness import METRICS_FILE, whole_record
from separation.training.state import Training

EVENTS_FOLDER = "events"


class MetricsLog:
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
def metrics_log(training: Training) -> Iterator[MetricsLog]:
    """Open the journal of a training where it stands: what was written later is taken back, one process writes."""
    if not training.fabric.is_global_zero:
        yield MetricsLog(None, None)
        return
    output, step = training.output, training.step
    events = _tensorboard_writer(output / EVENTS_FOLDER, step) if training.recipe.tensorboard else None
    _drop_later_lines(output / METRICS_FILE, step)
    with (output / METRICS_FILE).open("a", encoding="utf-8") as lines:
        try:
            yield MetricsLog(lines, events)
        finally:
            if events is not None:
                events.close()


def _tensorboard_writer(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard.writer import SummaryWriter
    except ImportError:
        raise BadInput("tensorboard = true needs the package tensorboard; install it, or set it to false") from None
    return SummaryWriter(str(folder), purge_step=step + 1)


def _drop_later_lines(path: Path, step: int) -> None:
    """Drop what was written after the state was kept: those steps are taken again."""
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    with atomic_file(path) as part:
        part.write_text("".join(line for line in lines if _is_not_later(line, step)), encoding="utf-8")


def _is_not_later(line: str, step: int) -> bool:
    record = whole_record(line)
    return record is not None and int(record["step"]) <= step
