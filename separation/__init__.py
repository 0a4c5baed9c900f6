"""Mixtures and an objective in, checkpoints and stimuli out: singing voice separators trained on what people hear.

from separation import Separator
separate = Separator("runs/first")
vocals = separate.separate_file("song.wav")["vocals"]
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from separation.inference.separator import Separator as Separator

__all__ = ["Separator"]


def __getattr__(name: str) -> Any:
    """Load torch only for those who separate: recipes are read without it."""
    if name != "Separator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from separation.inference.separator import Separator

    return Separator
