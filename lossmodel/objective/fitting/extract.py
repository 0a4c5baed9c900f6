"""Features of every stimulus of a manifest, computed once and kept by the content of the files."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossmodel.errors import BadInput
from lossmodel.files import read_json, sha256, write_json
from lossmodel.manifest import Pair
from lossmodel.objective.config import PROBES, Term
from lossmodel.objective.ear import excerpt
from lossmodel.objective.ear.decomposition import Scene
from lossmodel.objective.ear.excerpt import Excerpt
from lossmodel.objective.ear.features import FEATURES, VERSION
from lossmodel.objective.ear.frontend import RATE
from lossmodel.objective.ear.listening import listen
from lossmodel.objective.ears import Ear, compute, features_of
from lossmodel.objective.ladders import moments
from lossmodel.objective.network import raw_terms
from lossmodel.progress import Report, silent

ESTIMATE, MIXTURE, REFERENCE = "estimate", "mixture", "reference"
LISTENED_SOUNDS = (ESTIMATE, MIXTURE, REFERENCE, *PROBES)
"""What is heard in the estimate's place: the condition itself, and sounds of which more is known than ratings say."""

Features = Mapping[str, float]
"""Features by name."""


@dataclass(frozen=True)
class Stimulus:
    """One condition of one item, and the features of each of `LISTENED_SOUNDS` in its place."""

    item: str
    condition: str
    heard: Mapping[str, Features]

    def terms(self, terms: Sequence[Term], *, of: str = ESTIMATE) -> NDArray[np.float64]:
        """Return the raw terms, (terms,), of one of `LISTENED_SOUNDS`."""
        heard, difficulty = _tensors(self.heard[of]), _tensors(self.heard[MIXTURE])
        return raw_terms(terms, heard, difficulty)[0].numpy()


def extract(
    pairs: Sequence[Pair],
    *,
    ears: Mapping[str, Ear] | None = None,
    cache: Path | None = None,
    report: Report = silent,
) -> list[Stimulus]:
    """Return the features of each pair, in order, also those of `ears`; what the folder `cache` has is kept."""
    hashed, ears = lru_cache(maxsize=None)(sha256), ears or {}
    names = [*FEATURES, *features_of(ears)]
    known: dict[str, Features] = {}
    found = []
    for step, pair in enumerate(pairs, start=1):
        keys = {listened: _key(pair, listened, hashed, ears) for listened in LISTENED_SOUNDS}
        known |= _recalled((key for key in keys.values() if key not in known), cache, names)
        if missing := [listened for listened, key in keys.items() if key not in known]:
            computed = {keys[listened]: features for listened, features in _listen(pair, missing, names, ears).items()}
            _keep(computed, cache)
            known |= computed
        found.append(Stimulus(pair.item, pair.condition, {listened: known[key] for listened, key in keys.items()}))
        report(step, len(pairs))
    return found


@torch.no_grad()
def _listen(pair: Pair, wanted: Sequence[str], names: Sequence[str], ears: Mapping[str, Ear]) -> dict[str, Features]:
    """Return the features `names` of what is wanted, by name of `LISTENED_SOUNDS`."""
    read = excerpt.read(pair)
    scene = listen(read.estimate, read.references, read.mixture)
    scenes: dict[str, Callable[[], Scene]] = {
        ESTIMATE: lambda: scene,
        MIXTURE: lambda: scene.remixed(1, 1),
        REFERENCE: lambda: scene.remixed(1, 0),
        "silence": lambda: scene.remixed(0, 0),
        "dull": scene.dulled,
        "clicks": lambda: _clicking(read),
    }
    found = {each: compute(scenes[each](), names, ears) for each in wanted}
    return {each: {name: float(value[0]) for name, value in found[each].items()} for each in wanted}


def _clicking(read: Excerpt) -> Scene:
    """Return the first reference with clicks of 4 dB under its peak in the estimate's place."""
    reference = read.references[:, 0]
    return listen(moments.clicks(reference, reference, RATE, 0.8, 0), read.references, read.mixture)


def _key(pair: Pair, listened: str, hashed: Callable[[Path], str], ears: Mapping[str, Ear]) -> str:
    """Return the hash of all that the features depend on: the files' content, their parts, the features' version."""
    first = hashed(pair.estimate) if listened == ESTIMATE else listened
    other = ("mixture", pair.mixture) if pair.mixture else ("accompaniment", pair.accompaniment)
    rest = (hashed(other[1]) if other[1] else "none", *map(hashed, pair.references))
    version = (f"features {VERSION}", *(f"{name} {ear.weights}" for name, ear in sorted(ears.items())))
    return hashlib.sha256("\n".join((*version, first, other[0], *rest)).encode()).hexdigest()


def _recalled(keys: Iterable[str], cache: Path | None, names: Sequence[str]) -> dict[str, Features]:
    if cache is None:
        return {}
    found = {key: _recall(cache / f"{key}.json", names) for key in keys}
    return {key: features for key, features in found.items() if features is not None}


def _recall(path: Path, names: Sequence[str]) -> Features | None:
    """Return kept features; None when they are absent or damaged, so that they are computed again."""
    try:
        features: Features = read_json(path)
    except BadInput:
        return None
    return features if features.keys() == {*names} else None


def _keep(computed: Mapping[str, Features], cache: Path | None) -> None:
    if cache is not None:
        for key, features in computed.items():
            write_json(cache / f"{key}.json", features)


def _tensors(features: Features) -> dict[str, Tensor]:
    return {name: torch.tensor([value], dtype=torch.float64) for name, value in features.items()}
