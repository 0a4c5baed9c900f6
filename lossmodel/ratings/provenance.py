"""With what an analysis was made, so that it can be made again."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from lossmodel.files import sha256

PACKAGES = ("hearback", "numpy", "scipy", "pandas", "statsmodels", "matplotlib", "typst")


@dataclass(frozen=True)
class Provenance:
    """Versions, seed, the command, and the SHA-256 of each file that the ratings came from, by its name."""

    versions: dict[str, str]
    seed: int
    sources: dict[str, str]
    command: str


def provenance(*, seed: int, sources: Sequence[Path], command: str) -> Provenance:
    """Return with what this process computes; `sources` are hashed, and named without their folders."""
    versions = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    return Provenance(versions, seed, {path.name: sha256(path) for path in sources}, command)
