"""Mixtures and an objective in, checkpoints and stimuli out: singing voice separators trained on what people hear.

from separation import Separator, load_recipe, train
checkpoint = train("tiny", "songs/", "runs/first")
vocals = Separator(checkpoint).separate_file("song.wav")["vocals"]
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from separation.config import load as load_recipe
    from separation.inference.separator import Separator as Separator
    from separation.training.loop import train as train

__all__ = ["Separator", "load_recipe", "train"]


def __getattr__(name: str) -> Any:
    """Load torch only for those who separate or train: recipes are read without it."""
    if name == "Separator":
        from separation.inference.separator import Separator

        return Separator
    if name == "load_recipe":
        from separation.config import load

        return load
    if name == "train":
        from separation.training.loop import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
