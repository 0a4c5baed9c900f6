"""What a resumed training may do otherwise than it began, and the record of it: since which step, what, from what."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lossmodel.errors import BadInput
from lossmodel.files import read_json
from separation.recipe import Recipe
from separation.training import resume
from separation.training.completeness import check_complete, holds_checkpoints

RECIPE_FILE = "recipe.json"

CHANGEABLE_KEYS = frozenset({
    "name", "steps", "checkpoint_every", "patience", "keep", "examples_every", "tensorboard", "compile",
    "batch", "data.seconds", "optimiser.learning_rate", "optimiser.clip",
    "adversarial.learning_rate", "adversarial.clip", "unpaired.learning_rate", "unpaired.clip", "metric.learning_rate",
    "perceptual.patience", "perceptual.tolerance", "perceptual.tolerance_db",
})  # fmt: skip
"""Keys of a recipe in which a resumed training may differ from its beginning."""

CHANGEABLE_INPUTS = frozenset({"data", "validation", "unpaired", "objective", "auditor", "lyrics"})
"""Inputs that may be others from a step on."""

KEYS_OF_THE_VALIDATION = frozenset({"batch", "data.seconds", "validation", "objective"})
"""What decides on the validation loss: values from before such a change are not compared with those after it."""

INPUT_KEYS = frozenset({"init"})
"""Keys of a recipe that name a folder: what it holds is compared, by its hash, and not where it lies."""


@dataclass(frozen=True)
class Change:
    """A key of the recipe, or the hash of an input, that has another value since the training went on from a step."""

    step: int
    key: str
    before: Any
    after: Any

    def facts(self) -> dict[str, Any]:
        """Return this as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Begun:
    """A training as its newest state left it: its step, its recipe and its inputs by hash (None: nobody knows)."""

    output: Path
    step: int
    recipe: Recipe
    inputs: Mapping[str, str] | None


def begun(output: Path, *, checkpoint_every: int, known_step: int, resumed: bool) -> Begun | None:
    """Return the training that `output` holds; None where it is yet to begin.

    `checkpoint_every` is said where the folder does not tell. `BadInput` for a training that nobody asked to resume,
    one that lacks what was kept of it, a damaged state, or a file in the place of the folder.
    """
    if place := next((place for place in (output, *output.parents) if place.is_file()), None):
        raise BadInput(f"{place}: is a file; give a folder for the training")
    if not resumed and holds_checkpoints(output):
        raise BadInput(f"{output}: holds a training already; resume it or give another folder")
    written = _written_recipe(output)
    if resumed:
        every = written.checkpoint_every if written else checkpoint_every
        check_complete(output, checkpoint_every=every, known_step=known_step)
    if not resume.states(output):
        return None
    card = resume.newest_card(output)
    recipe = written if card["recipe"] is None else _recipe(card["recipe"], output)
    if recipe is None:
        raise BadInput(
            f"{output / RECIPE_FILE}: no such file; copy it from where it was trained,"
            " or start a new training in another folder"
        )
    return Begun(output, int(card["step"]), recipe, card["inputs"])


def recipe_changes(then: Begun, now: Recipe) -> list[Change]:
    """Return the keys that a resumed training changes; `BadInput` names those that cannot be changed."""
    before, after = _flat(then.recipe.model_dump(mode="json")), _flat(now.model_dump(mode="json"))
    changed = [key for key in after if key not in INPUT_KEYS and after[key] != before.get(key)]
    if fixed := sorted(set(changed) - CHANGEABLE_KEYS):
        raise BadInput(
            f"{then.output}: was begun with another recipe ({', '.join(fixed)} differ); give what it had, or train"
            " elsewhere"
        )
    return [Change(then.step, key, before.get(key), after[key]) for key in changed]


def input_changes(then: Begun, now: Mapping[str, str]) -> list[Change]:
    """Return the inputs that are others by their hash; none where nobody knows what they were.

    `BadInput` for another checkpoint to start from: the training has left it.
    """
    before = now if then.inputs is None else then.inputs
    changed = [key for key in sorted({*before, *now}) if before.get(key) != now.get(key)]
    if fixed := sorted(set(changed) - CHANGEABLE_INPUTS):
        raise BadInput(
            f"{then.output}: was begun with another {', '.join(fixed)}; give that one, or train in another folder"
        )
    return [Change(then.step, key, before.get(key), now.get(key)) for key in changed]


def forgets_validations(changes: Sequence[Change]) -> bool:
    """Tell whether earlier validations say nothing beside later ones."""
    return any(change.key in KEYS_OF_THE_VALIDATION | {"auditor"} for change in changes)


def forgets_best(changes: Sequence[Change]) -> bool:
    """Tell whether the best validation loss so far says nothing beside later ones."""
    return any(change.key in KEYS_OF_THE_VALIDATION for change in changes)


def forgets_songs(changes: Sequence[Change]) -> bool:
    """Tell whether the songs that are learned from are others."""
    return any(change.key == "data" for change in changes)


def _written_recipe(output: Path) -> Recipe | None:
    place = output / RECIPE_FILE
    return _recipe(read_json(place), output) if place.is_file() else None


def _recipe(values: Any, output: Path) -> Recipe:
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BadInput(
            f"{output}: its recipe is of another version ({where}); start a new training in another folder"
        ) from None


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested values by dotted key.

    >>> _flat({"batch": 4, "data": {"seconds": 1.0}})
    {'batch': 4, 'data.seconds': 1.0}
    """
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat
