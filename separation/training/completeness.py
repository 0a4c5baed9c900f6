"""Whether a folder holds the training that its log and its checkpoints tell of, so that none starts over unseen."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lossmodel import store
from lossmodel.errors import BadInput
from lossmodel.files import read_json
from separation.training import resume

METRICS_FILE = "metrics.jsonl"
CHECKPOINTS = ("last", "best")


def check_complete(output: Path, *, checkpoint_every: int, known_step: int = 0) -> None:
    """Raise `BadInput` where the newest state is older than what was kept: copied in part, or on another machine.

    `known_step` is that of the newest checkpoint that others, such as a database, know of. A machine that dies while it
    writes a checkpoint, or whose disk is full then, may leave the state of the one before: none, if it was the first.
    """
    found, logged = resume.newest_step(output), _last_logged_step(output)
    only_the_first = 0 < logged <= checkpoint_every
    tolerance = checkpoint_every if found is not None or only_the_first else 0
    claims = [(METRICS_FILE, max(0, logged - 1) // checkpoint_every * checkpoint_every, 0)]
    claims += [(f"{name}/", _step_of_checkpoint(output / name), tolerance) for name in CHECKPOINTS]
    claims += [("the list of checkpoints", known_step, tolerance)]
    for claim, step, less in claims:
        if step and (found or 0) < step - less:
            held = f"the newest state is of step {found}" if found else "there is no state"
            raise BadInput(
                f"{output / resume.STATE_FOLDER}: {held}, but {claim} has a checkpoint at step {step}; copy the folder"
                f" {resume.STATE_FOLDER} from the machine that trained, or start a new training in another folder"
            )


def holds_checkpoints(output: Path) -> bool:
    """Tell whether a training has kept anything in a folder."""
    return bool(resume.states(output)) or any((output / name / store.CARD_FILE).is_file() for name in CHECKPOINTS)


def _last_logged_step(output: Path) -> int:
    return max((record["step"] for record in _records(output / METRICS_FILE)), default=0)


def _records(path: Path) -> list[Mapping[str, Any]]:
    """Return the last record of a log that is whole."""
    if not path.is_file():
        return []
    for line in reversed(path.read_text(encoding="utf-8").splitlines()):
        if (record := whole_record(line)) is not None:
            return [record]
    return []


def whole_record(line: str) -> Mapping[str, Any] | None:
    """Return a line of the log, or None for one in the middle of which the machine died."""
    try:
        record: Mapping[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return None
    return record


def _step_of_checkpoint(folder: Path) -> int:
    return int(read_json(folder / store.CARD_FILE).get("step", 0)) if (folder / store.CARD_FILE).is_file() else 0
