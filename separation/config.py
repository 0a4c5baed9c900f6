"""Recipes: everything that decides what a training does, as one TOML file; checked here, free of torch.

A recipe may extend another by name and say only what differs; `load` may override single keys on top.
"""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lossmodel.errors import BadInput
from separation.networks.config import DiscriminatorConfig, WaveUNetConfig, Window

FOLDER = Path(__file__).parent / "recipes"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(_Part):
    """How excerpts are drawn and varied."""

    seconds: float = Field(default=0.743, gt=0, le=60)
    """Separated seconds of an excerpt (at least; the network's grid rounds up)."""
    anywhere: float = Field(default=0.1, ge=0, le=1)
    """Share of excerpts drawn anywhere, the others where somebody sings."""
    gain: tuple[float, float] = (0.7, 1.0)
    """Each source of each excerpt is multiplied by a factor from this range."""
    swap: bool = True
    """Swap left and right in half of the excerpts."""
    remix: float = Field(default=0.0, ge=0, le=1)
    """Share of excerpts that get another excerpt's accompaniment."""
    validation: float = Field(default=0.0, ge=0, lt=1)
    """Share of songs held out to choose the best checkpoint."""


class Optimiser(_Part):
    """Adam, for the separator."""

    learning_rate: float = Field(default=1e-4, gt=0)
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float = Field(default=5.0, gt=0)
    """Largest gradient norm."""
    ema: float = Field(default=0.0, ge=0, lt=1)
    """Decay of the averaged weights that are validated and saved; 0 saves the weights themselves."""


class Losses(_Part):
    """Weight of each term; 0 leaves it out. With `balance` the weights are shares of the gradient at the output."""

    l1: float = Field(default=0.0, ge=0)
    l2: float = Field(default=0.0, ge=0)
    mrstft: float = Field(default=0.0, ge=0)
    additivity: float = Field(default=0.0, ge=0)
    perceptual: float = Field(default=0.0, ge=0)
    adversarial: float = Field(default=0.0, ge=0)
    matching: float = Field(default=0.0, ge=0)
    balance: bool = False
    temperature: float = Field(default=0.1, gt=0)
    """Softness of the choice among several admissible references, relative to the smallest loss."""

    @property
    def weights(self) -> dict[str, float]:
        """Return the weights that are not zero, by the term's name."""
        return {name: value for name, value in self.model_dump(exclude={"balance", "temperature"}).items() if value}


class Perceptual(_Part):
    """How the objective's predicted ratings become one loss, and when it comes in."""

    attributes: tuple[str, ...] = ("quality", "interference")
    aggregate: Literal["softmin", "min", "mean"] = "softmin"
    pessimism: float = Field(default=1.0, ge=0)
    start: float = Field(default=0.0, ge=0, lt=1)
    """Share of the training after which the term begins."""
    ramp: float = Field(default=0.0, ge=0, le=1)
    """Share of the training over which its weight then grows to the full one."""


class Adversarial(_Part):
    """The discriminator, its game and its own optimiser."""

    network: DiscriminatorConfig = DiscriminatorConfig()
    game: Literal["lsgan", "hinge"] = "lsgan"
    start: float = Field(default=0.0, ge=0, lt=1)
    """Share of the training after which the separator hears the discriminator, which learns from the first step."""
    learning_rate: float = Field(default=2e-4, gt=0)
    betas: tuple[float, float] = (0.8, 0.99)
    clip: float = Field(default=10.0, gt=0)
    ahead: float = Field(default=0.2, ge=0, lt=1)
    """The discriminator waits while its loss is below this share of a coin toss's."""


class Recipe(_Part):
    """One training, completely."""

    name: str = "unnamed"
    rate: int = Field(default=22050, ge=4000, le=192000)
    """Hz."""
    network: WaveUNetConfig = WaveUNetConfig()
    data: Data = Data()
    losses: Losses
    optimiser: Optimiser = Optimiser()
    perceptual: Perceptual = Perceptual()
    adversarial: Adversarial = Adversarial()
    steps: int = Field(ge=1)
    batch: int = Field(default=16, ge=1)
    seed: int = Field(default=0, ge=0)
    checkpoint_every: int = Field(default=500, ge=1)
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    init: Path | None = None
    """Checkpoint whose weights the training starts from."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.losses.weights:
            raise ValueError("losses: every weight is 0; give at least one term a weight")
        if self.network.sources != ("accompaniment", "vocals"):
            raise ValueError(
                f'network.sources = {self.network.sources}: the data room makes ("accompaniment", "vocals")'
            )
        return self

    @property
    def channels(self) -> int:
        """Return the channels of a source: 1 or 2."""
        return self.network.channels

    @property
    def window(self) -> Window:
        """Return the frames of a training excerpt."""
        return self.network.window(round(self.data.seconds * self.rate))


def recipes() -> list[str]:
    """Return the names of the recipes that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str | Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Return the recipe of that name or at that path, with `overrides` by dotted key put over it.

    `BadInput` names an unknown recipe, a key with a typo (and the near ones) or a value out of range.

    >>> load("tiny", {"optimiser.learning_rate": 0.01}).optimiser.learning_rate
    0.01
    """
    values = _read(str(name))
    for key, value in (overrides or {}).items():
        values = _over(values, _nested(key, value))
    values = _extended(values, str(name))
    try:
        return Recipe.model_validate({"name": Path(name).stem, **values})
    except ValidationError as error:
        raise BadInput(f"{name}: {_first_complaint(error)}") from None


def _read(name: str) -> dict[str, Any]:
    path = FOLDER / f"{name}.toml" if name in recipes() else Path(name)
    if not path.is_file():
        near = get_close_matches(name, recipes())
        raise BadInput(f"recipe {name}: no such file or recipe; there are {', '.join(near or recipes())}")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not a TOML file ({error})") from None


def _extended(values: dict[str, Any], name: str, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """Put `values` over the recipe that they extend, and that over its own base."""
    base = values.pop("extends", None)
    if base is None:
        return values
    if base in seen:
        raise BadInput(f"{name}: extends {base}, which extends it")
    return _over(_extended(_read(str(base)), str(base), (*seen, base)), values)


def _over(base: dict[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in top.items():
        nested = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = _over(both[key], value) if nested else value
    return both


def _nested(key: str, value: Any) -> dict[str, Any]:
    head, _, rest = key.partition(".")
    return {head: _nested(rest, value) if rest else value}


def _first_complaint(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "value_error":
        return first["msg"].removeprefix("Value error, ")
    if first["type"] != "extra_forbidden":
        return f"{key}: {first['msg']} (it is {first['input']!r})"
    known = list(_fields(first["loc"][:-1]))
    near = get_close_matches(str(first["loc"][-1]), known) or known
    return f"unknown key {key}; near ones: {', '.join(near)}"


def _fields(parts: tuple[int | str, ...]) -> Mapping[str, Any]:
    """Return the fields of the part of a recipe at that path."""
    model: Any = Recipe
    for part in parts:
        model = model.model_fields[str(part)].annotation
    fields: Mapping[str, Any] = model.model_fields
    return fields
