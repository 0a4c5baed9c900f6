"""What is asked when a fit, a training or a rendering is started."""

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listening.admin.proof import ProvedOnlyForm
from listening.admin.recipe_keys import overrides
from listening.admin.show import AnyForm
from listening.models import Study
from lossmodel.errors import BadInput
from lossmodel.objective import config as fit_recipes


class RecipeForm(AnyForm):
    """A run by a recipe that comes with the software, with changes to its keys; recipes in files are for the shell."""

    recipe = forms.ChoiceField(label=gettext_lazy("Recipe"))

    reader: Any
    """The module that reads such recipes: `recipes()` and `load(name, overrides)`."""
    keys_address: str
    """The name of the address that answers with a recipe's keys, to change them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "recipe" in self.fields:
            names = self.reader.recipes()
            self.fields["recipe"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
            piece = {"hx-get": reverse(self.keys_address), "hx-target": "#recipe-keys", "hx-trigger": "change"}
            self.fields["recipe"].widget.attrs |= piece

    def clean(self) -> dict[str, Any]:
        """Keep the changes to the recipe; refuse those that its reader refuses."""
        given = super().clean() or self.cleaned_data
        sent: Any = self.data
        if name := given.get("recipe"):
            try:
                self.instance.overrides = overrides(sent, name, self.reader.load)
                self.reader.load(name, self.instance.overrides | self.implied(given))
            except BadInput as error:
                self.add_error("recipe", str(error))
        return given

    def implied(self, _given: dict[str, Any]) -> dict[str, Any]:
        """Return the changes to the recipe that other fields ask for."""
        return {}


class ObjectiveForm(ProvedOnlyForm, RecipeForm):
    """Which ratings, and how to fit."""

    reader = fit_recipes
    keys_address = "admin:listening_objective_recipe"

    def clean_ratings(self) -> Any:
        """Refuse two frozen states of one study: the same ratings would count twice."""
        chosen = self.cleaned_data["ratings"]
        studies = [each.study for each in chosen]
        if twice := next((study for study in studies if studies.count(study) > 1), None):
            raise forms.ValidationError(
                _("Choose only one rating set of %s: the same ratings would count twice.") % twice
            )
        return chosen


class RenderingForm(AnyForm):
    """Whose items to render with which checkpoint, and what the result is called."""

    def clean_slug(self) -> str:
        """Refuse the name of a study that stands already."""
        slug: str = self.cleaned_data["slug"]
        if Study.objects.filter(slug=slug).exists():
            raise forms.ValidationError(_("A study with this name already exists; choose another."))
        return slug

    def clean(self) -> dict[str, Any]:
        """Refuse the name of a condition that the study has already."""
        given = super().clean() or self.cleaned_data
        study, name = given.get("study"), given.get("condition")
        if study and name and study.conditions.filter(name=name).exists():
            self.add_error("condition", _("%s already has a condition with this name; choose another.") % study)
        return given
