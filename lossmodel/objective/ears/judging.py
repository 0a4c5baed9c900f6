"""An ear that an objective was fitted with is part of what was optimised: it is no witness to what came of it."""

from collections.abc import Collection

from lossmodel.errors import BadInput


def refuse_member(ear: str, members: Collection[str]) -> None:
    """Raise `BadInput` where an ear is to judge what was trained against an objective of which it is a member."""
    if ear in members:
        raise BadInput(
            f"ear {ear!r} is a member of this objective: it cannot judge what was trained against it; take another"
        )
