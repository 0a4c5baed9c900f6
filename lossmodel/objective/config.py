"""How an objective is fitted: recipes, as TOML files. No torch, so that the web process may read them."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lossmodel.errors import BadInput

GENERAL = "general"
"""The terms of an attribute that the recipe does not name."""

Weight = Annotated[float, Field(ge=0)]
Score = Annotated[float, Field(ge=0, le=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Weights(_Strict):
    """How much one stimulus counts in the fit, by its role."""

    system: Weight = 1.0
    reference: Weight = 0.05
    anchor: Weight = 0.05
    silence: Weight = 0.02


class FitRecipe(_Strict):
    """What is fitted to ratings: terms per attribute, and how strongly the fit is held back."""

    seed: int = 1
    members: int = Field(20, ge=1, le=1000)
    ridge: float = Field(10.0, gt=0)
    clip: float = Field(1.5, gt=0, lt=50)
    weights: Weights = Weights()
    silence: dict[str, Score] = {}
    terms: dict[str, tuple[str, ...]]

    @field_validator("terms")
    @classmethod
    def _readable(cls, terms: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if GENERAL not in terms:
            raise ValueError(f"a list '{GENERAL}' is needed, for attributes that are not named")
        for attribute, texts in terms.items():
            if not texts:
                raise ValueError(f"'{attribute}' has no terms")
            for text in texts:
                Term.parse(text)
        return terms

    def terms_of(self, attribute: str) -> tuple[str, ...]:
        """Return the terms of an attribute, the general ones if it has none of its own."""
        return self.terms.get(attribute, self.terms[GENERAL])


@dataclass(frozen=True)
class Term:
    """One input of a head: a feature, its logarithm, or the feature less its value for the item's own mixture."""

    feature: str
    log: bool = False
    less_mixture: bool = False

    @classmethod
    def parse(cls, text: str) -> "Term":
        """Read `flux4`, `log flux4` or `leak - mixture`; ValueError for anything else."""
        match text.split():
            case [feature]:
                return cls(feature)
            case ["log", feature]:
                return cls(feature, log=True)
            case [feature, "-", "mixture"]:
                return cls(feature, less_mixture=True)
        raise ValueError(f"'{text}' is not a term; write 'feature', 'log feature' or 'feature - mixture'")


def load(name_or_path: str | Path) -> FitRecipe:
    """Read a recipe by its name (`recipes()`) or from a TOML file; `BadInput` names a wrong key and the known ones."""
    path = Path(name_or_path)
    source = path if path.suffix == ".toml" else _FOLDER / f"{name_or_path}.toml"
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"recipe '{name_or_path}': not found; give a .toml file or one of {recipes()}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{name_or_path}: not a TOML file ({error})") from None
    try:
        return FitRecipe.model_validate(content)
    except ValidationError as error:
        raise BadInput(f"recipe '{name_or_path}': {_explained(error)}") from None


def recipes() -> list[str]:
    """Return the names of the recipes that come with the package."""
    return sorted(Path(entry.name).stem for entry in _FOLDER.iterdir() if entry.name.endswith(".toml"))


_FOLDER = resources.files("lossmodel") / "recipes"


def _explained(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        model = Weights if first["loc"][0] == "weights" else FitRecipe
        return f"unknown key '{key}'; known are {', '.join(model.model_fields)}"
    return f"{key}: {first['msg'].removeprefix('Value error, ')}"
