"""What a card says besides its figures: the software that made it, and what the objective must not be trusted with."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import pandas as pd

from lossmodel.objective.ear.frontend import MIN_SECONDS, RATE

PACKAGES: Final = ("hearback", "numpy", "pandas", "scipy", "torch")
FEW_SONGS: Final = 10
FEW_PEOPLE: Final = 8


def environment() -> dict[str, str]:
    """Return the versions of what computed the fit: Python, the machine's kind, and each of `PACKAGES`."""
    found = {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed as a package"
    return found


def limits(ratings: pd.DataFrame, *, left_out: bool) -> list[str]:
    """Return what must be known before the objective is used, a sentence each."""
    found = [
        f"It predicts the mean rating of a panel like the one it was fitted to, on excerpts of at least"
        f" {MIN_SECONDS:g} s at {RATE:,} Hz, given their reference and mixture.",
        "If in_calibration is false, the sound is unlike anything that was rated: trust neither value nor interval.",
        "A separator that is trained against it must be checked by metrics it was not trained on, and by people.",
    ]
    if not left_out:
        found.append("No song was left out: its accuracy on new songs is unknown.")
    for attribute, own in ratings.groupby("attribute", sort=False):
        found += _small(str(attribute), own)
    if simulated := int(ratings["simulated"].sum()):
        found.append(f"{simulated} of {len(ratings)} ratings are simulated: no person gave them.")
    return found


def _small(attribute: str, own: pd.DataFrame) -> list[str]:
    songs, people = own["item"].nunique(), own["assessor"].nunique()
    small = []
    if songs < FEW_SONGS:
        small.append(f"{attribute}: {songs} songs only; predictions for other music may be wrong.")
    if people < FEW_PEOPLE:
        small.append(f"{attribute}: {people} assessors only; their individual use of the scale influences the fit.")
    return small
