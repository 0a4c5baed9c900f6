"""What can be done to a study now, and why the rest cannot."""

from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from listening.models import Rating, Right, Study
from listening.models.team import has_right
from listening.stimuli.deletion import undeletable


@dataclass(frozen=True)
class StudyAction:
    """One button of the header: a link, or with `posts` a form; with `why_not` it says why it does nothing now."""

    verb: str
    label: str
    url: str
    why_not: str = ""
    posts: bool = True
    new_window: bool = False


def study_actions(request: HttpRequest, study: Study) -> list[StudyAction]:
    """Return the buttons of the header, in the order of the work."""
    may = admin.site.get_model_admin(Study).has_change_permission(request, study)
    reads = has_right(request.user, Right.RESULTS, study)
    rated = Rating.objects.counted(study).exists()
    frozen = study.rating_sets.first()
    analyse = reverse("admin:listening_study_analysis_start", args=[study.pk])
    fit = reverse("admin:listening_objective_add", query={"ratings": frozen.pk} if frozen else None)
    preview = reverse("admin:listening_study_preview", args=[study.pk])
    return [
        StudyAction("preview", _("Preview"), preview, _no_preview(study), posts=False),
        StudyAction("open", _("Open"), _do(study, "open"), _no_right(may) or _no_open(study)),
        StudyAction("close", _("Close"), _do(study, "close"), _no_right(may) or _no_close(study)),
        *_pause(study, may=may),
        StudyAction("freeze", _("Freeze"), _do(study, "freeze"), _no_results(reads) or _unrated(rated)),
        StudyAction("analyse", _("Analyse"), analyse, _no_results(reads) or _unrated(rated)),
        StudyAction("fit", _("Fit"), fit, _no_fit(request, frozen is not None), posts=False),
        *_deletion(request, study),
    ]  # fmt: skip


def _deletion(request: HttpRequest, study: Study) -> list[StudyAction]:
    """Return the button that deletes a draft; none for studies that are no drafts any more."""
    may = admin.site.get_model_admin(Study).has_delete_permission(request, study)
    if study.status != Study.Status.DRAFT or not may:
        return []
    delete = reverse("admin:listening_study_delete", args=[study.pk])
    return [StudyAction("delete", _("Delete draft"), delete, undeletable(study), posts=False)]


def _pause(study: Study, *, may: bool) -> list[StudyAction]:
    """Return the button that keeps newcomers out of an open study, or lets them in again."""
    if study.status != Study.Status.OPEN:
        return []
    verb, label = ("go_on", _("Go on")) if study.paused else ("pause", _("Pause"))
    return [StudyAction(verb, label, _do(study, verb), _no_right(may))]


def _do(study: Study, verb: str) -> str:
    return reverse("admin:listening_study_do", args=[study.pk, verb])


def _no_right(may: bool) -> str:
    return "" if may else _("you may see this study, but not change it")


def _no_results(reads: bool) -> str:
    return "" if reads else _("you may not read its results")


def _no_open(study: Study) -> str:
    if study.status == Study.Status.OPEN:
        return _("it is open")
    return _("it is archived") if study.status == Study.Status.ARCHIVED else _no_preview(study)


def _no_preview(study: Study) -> str:
    ready = study.items.filter(stimuli__isnull=False).exists() and study.attributes.exists()
    return "" if ready else _("there is nothing to rate yet: add sounds and a question")


def _no_close(study: Study) -> str:
    return "" if study.status == Study.Status.OPEN else _("it is not open")


def _unrated(rated: bool) -> str:
    return "" if rated else _("nobody has rated yet")


def _no_fit(request: HttpRequest, frozen: bool) -> str:
    from listening.models import Objective

    if not admin.site.get_model_admin(Objective).has_add_permission(request):
        return _("you may not start fits")
    return "" if frozen else _("freeze the ratings first")
