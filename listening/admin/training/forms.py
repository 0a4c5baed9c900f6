"""The form that starts a training: which songs, which recipe with which changes, what it will take."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from listening.admin import recipe_keys
from listening.admin.run_forms import RecipeForm
from listening.admin.training.cost import estimate
from listening.admin.training.data import folders, no_folders
from listening.models import TrainingRun
from separation import config
from separation.recipe import Recipe

DEFAULT_RECIPE = "regression"


def recipe_of(run: TrainingRun) -> Recipe:
    """Return what a training does, with its changes; `BadInput` where its recipe is gone or does not read."""
    steps = {"steps": run.limit} if run.limit else {}
    return config.load(run.recipe, {"seed": run.seed, **run.overrides, **steps})


class TrainingForm(RecipeForm):
    """What to train, on which songs, against which objective."""

    reader = config
    keys_address = "admin:listening_trainingrun_recipe"

    data = forms.ChoiceField(  # type: ignore[assignment]  # Django keeps what was sent apart from it
        label=gettext_lazy("Data"), help_text=gettext_lazy("a folder of songs with their stems")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "objective" in self.fields:
            chosen: Any = self.fields["objective"]
            chosen.queryset = chosen.queryset.filter(status="done")
        if "data" in self.fields:
            offered = [(str(each.path), str(each)) for each in folders()]
            self.fields["data"].choices = offered  # type: ignore[attr-defined]
            self.fields["data"].help_text = self.fields["data"].help_text if offered else no_folders()

    def implied(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the weights to begin with."""
        start = given.get("start")
        return {"init": str(start.folder)} if start else {}


def asked(request: HttpRequest, seen: "QuerySet[TrainingRun]") -> dict[str, Any]:
    """Return the keys of the recipe asked for, with its changes, and what the training takes, as those `seen` did."""
    given = request.POST or request.GET
    limit = given.get("limit", "")
    steps = {"steps": int(limit)} if limit.isdecimal() else {}
    recipe, context = recipe_keys.asked(given, config, DEFAULT_RECIPE, steps)
    return context | {"cost": estimate(context["keys_of"], recipe, seen)}
