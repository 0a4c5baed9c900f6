"""How an objective is fitted: recipes, as TOML files. No torch, so that the web process may read them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lossmodel.errors import BadInput
from lossmodel.overrides import changed

GENERAL = "general"
"""The terms of an attribute that the recipe does not name."""

PROBES = ("silence", "dull", "clicks")
"""Sounds that any song yields: nothing at all, the reference without what is above 3.5 kHz, and with clicks."""

Weight = Annotated[float, Field(ge=0)]
Score = Annotated[float, Field(ge=0, le=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Weights(_Strict):
    """How much one stimulus counts in the fit, by its role; `probe` is a sound of which more is known than rated."""

    system: Weight = 1.0
    """How much a rated system counts in the fit."""
    reference: Weight = 0.1
    """How much a hidden reference counts."""
    anchor: Weight = 0.1
    """How much an anchor counts."""
    probe: Weight = 0.1
    """How much a probe counts: a sound of which more is known than rated."""


class Ends(_Strict):
    """Where panels put the worst of the anchors and the hidden reference, believed as firmly as so many `raters`.

    Few people use a scale of their own; what everybody heard tells it. It takes anchors that are as bad as can be: the
    mixture for interference, a voice in shreds for quality. An anchor that is better than many a system tells nothing.
    """

    anchor: Score = 5.0
    """Where panels put the worst of the anchors, 0–100."""
    reference: Score = 99.0
    """Where panels put the hidden reference, 0–100."""
    raters: float = Field(4.0, ge=0)
    """As firmly as so many raters these two are believed; 0: not at all."""


class FitRecipe(_Strict):
    """What is fitted to ratings: the terms of each member, by attribute, and how strongly the fit is held back.

    `known` says what a probe (`silence`, `dull`, `clicks`) deserves on an attribute, whatever the song.
    """

    seed: int = 1
    ridge: float = Field(5.0, gt=0)
    """How strongly the fit is held back (ridge penalty): more for few ratings."""
    clip: float = Field(1.5, gt=0, lt=50)
    """Points by which scores keep off the ends of the scale before they are fitted on a logit."""
    weights: Weights = Weights()
    ends: Ends = Ends()
    within_items: tuple[str, ...] = ()
    """Attributes fitted to differences inside items, with a scale for each study: tests of several kinds may join."""
    known: dict[str, dict[str, Score]] = {}
    """What a probe (`silence`, `dull`, `clicks`) deserves on an attribute, whatever the song, 0–100."""
    flaws: dict[str, dict[str, Weight]] = {}
    """What distortions that no rated system has add to the odds against an estimate, by attribute or `general`."""
    ears: dict[str, str] = {}
    """Ears that features called `ear_NAME` listen with, and the folder of their weights; "": those of the package."""
    members: dict[str, dict[str, tuple[str, ...]]]
    """The features that one member of the ensemble looks at, by attribute; `general`: for attributes not named."""

    @field_validator("known")
    @classmethod
    def _probed(cls, known: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        if unknown := known.keys() - set(PROBES):
            raise ValueError(f"no probe '{min(unknown)}'; known are {', '.join(PROBES)}")
        return known

    @field_validator("members")
    @classmethod
    def _readable(cls, members: dict[str, dict[str, tuple[str, ...]]]) -> dict[str, dict[str, tuple[str, ...]]]:
        if not any(GENERAL in terms for terms in members.values()):
            raise ValueError(f"a member with a list '{GENERAL}' is needed, for attributes that are not named")
        for member, lists in members.items():
            for attribute, texts in lists.items():
                if not texts:
                    raise ValueError(f"member '{member}' has no terms for '{attribute}'")
                for text in texts:
                    Term.parse(text)
        return members

    def members_of(self, attribute: str) -> dict[str, tuple[str, ...]]:
        """Return the terms of each member for an attribute, the general ones if nobody has any of its own."""
        named = {name: lists[attribute] for name, lists in self.members.items() if attribute in lists}
        return named or {name: lists[GENERAL] for name, lists in self.members.items() if GENERAL in lists}

    def flaws_of(self, attribute: str) -> dict[str, float]:
        """Return the weights of flaws for an attribute, the general ones if it is not named."""
        return self.flaws.get(attribute, self.flaws.get(GENERAL, {}))


@dataclass(frozen=True)
class Term:
    """One input of a head: a feature, or a feature over its value for the item's own mixture."""

    feature: str
    over_mixture: bool = False

    @classmethod
    def parse(cls, text: str) -> "Term":
        """Read `flux` or `leak / mixture`; ValueError for anything else."""
        match text.split():
            case [feature]:
                return cls(feature)
            case [feature, "/", "mixture"]:
                return cls(feature, over_mixture=True)
        raise ValueError(f"'{text}' is not a term; write 'feature' or 'feature / mixture'")


def load(name_or_path: str | Path, overrides: Mapping[str, Any] | None = None) -> FitRecipe:
    """Read a recipe by its name (`recipes()`) or from a TOML file, with `overrides` by dotted key put over it.

    `BadInput` names a wrong key and the known ones.
    """
    path = Path(name_or_path)
    source = path if path.suffix == ".toml" else _FOLDER / f"{name_or_path}.toml"
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"recipe '{name_or_path}': not found; give a .toml file or one of {recipes()}") from None
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name_or_path}: not a TOML file ({error})") from None
    try:
        return FitRecipe.model_validate(changed(content, overrides or {}))
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
        sections: dict[str, type[BaseModel]] = {"weights": Weights, "ends": Ends}
        known = sections.get(str(first["loc"][0]), FitRecipe).model_fields
        return f"unknown key '{key}'; known are {', '.join(known)}"
    return f"{key}: {first['msg'].removeprefix('Value error, ')}"
