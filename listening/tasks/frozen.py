"""Frozen ratings as the learning side reads them."""

from typing import TYPE_CHECKING

from listening.conformity import STANDARD_ANCHORS
from listening.models import RatingSet, Role
from lossmodel.errors import BadInput
from lossmodel.files import sha256

if TYPE_CHECKING:
    import pandas as pd


def read(ratings: RatingSet) -> "pd.DataFrame":
    """Return the ratings of a set, checked against its hash, with what the screening asks of the method.

    Sets that earlier versions froze do not say it; their study does.
    """
    from lossmodel.ratings import table
    from lossmodel.ratings.rules import AGAINST_REFERENCE_COLUMN, ANCHOR_COLUMN

    if sha256(ratings.path) != ratings.sha256:
        raise BadInput(f"{ratings.path}: changed since it was frozen; freeze the study again and choose the new set")
    rated = table.read(ratings.path)
    if AGAINST_REFERENCE_COLUMN in rated:
        return rated
    kinds = {name: kind for kind, name in STANDARD_ANCHORS.items()}
    anchors = rated["condition"].map(kinds).where(rated["role"] == Role.ANCHOR).fillna("")
    rated[AGAINST_REFERENCE_COLUMN] = ratings.study.rules.against_reference
    rated[ANCHOR_COLUMN] = anchors
    return rated
