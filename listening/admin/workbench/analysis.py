"""An analysis on the Results tab: started, watched, looked at, and its files taken away."""

import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from listening import audit, tasks
from listening.admin.progress import progress
from listening.admin.workbench.frame import tab_url
from listening.admin.workbench.scatter import Scatter, Strip, scatter, strips
from listening.models import Analysis, Rating, Role, Stimulus, Study
from listening.models.run import LIVE
from lossmodel.ratings.thresholds import Rules

KINDS: Mapping[str, str] = MappingProxyType(
    {
        ".html": "text/html; charset=utf-8", ".svg": "image/svg+xml", ".pdf": "application/pdf",
        ".csv": "text/csv; charset=utf-8", ".json": "application/json",
    }
)  # fmt: skip
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""A report brings its own look and pictures, and may do nothing else."""
MAX_PAIRS_OPEN = 15
FIGURE_ENDINGS = ("conditions", "differences", "baseline", "items", "assessors", "order", "expertise")


class RulesForm(forms.Form):
    """The thresholds of the screening; what is left empty stays off."""

    reference_below = forms.FloatField(
        label=gettext_lazy("hidden reference missed below"), min_value=0, max_value=100, initial=Rules.reference_below
    )
    anchor_above = forms.FloatField(
        label=gettext_lazy("mid anchor missed above"), min_value=0, max_value=100, initial=Rules.anchor_above
    )
    share = forms.FloatField(
        label=gettext_lazy("excluded above this share of misses"), min_value=0, max_value=1, initial=Rules.share
    )
    min_seconds = forms.FloatField(
        label=gettext_lazy("minimum seconds for a page"), min_value=0, max_value=86400, required=False
    )
    min_heard = forms.FloatField(
        label=gettext_lazy("minimum seconds that a stimulus must have played"),
        min_value=0,
        max_value=86400,
        required=False,
    )
    max_retest = forms.FloatField(
        label=gettext_lazy("maximum difference of a second rating in points"),
        min_value=0,
        max_value=100,
        required=False,
    )
    egauge_level = forms.FloatField(
        label=gettext_lazy("level at which repeated ratings must be better than chance (eGauge: 0.05)"),
        min_value=0, max_value=1, required=False,
    )  # fmt: skip
    proved_only = forms.BooleanField(
        label=gettext_lazy("count ratings without a proved sound as missed"), required=False
    )
    margin = forms.FloatField(
        label=gettext_lazy("points by which a system may be worse without mattering"),
        min_value=0.1, max_value=100, required=False,
    )  # fmt: skip

    baseline = forms.ChoiceField(label=gettext_lazy("baseline that every other system is set against"), required=False)

    def __init__(self, study: Study, posted: Mapping[str, Any] | None = None) -> None:
        super().__init__(posted, label_suffix="")
        systems = study.conditions.filter(role=Role.SYSTEM).order_by("name").values_list("name", flat=True)
        self.fields["baseline"].choices = [("", _("none")), *((name, name) for name in systems)]  # type: ignore[attr-defined]

    def changed(self) -> dict[str, Any]:
        """Return the thresholds that are not the standard's, by the names of `Rules`."""
        told = self.cleaned_data
        return {
            each.name: told[each.name] for each in fields(Rules) if told.get(each.name, each.default) != each.default
        }


@dataclass(frozen=True)
class Panel:
    """One panel of a finished analysis, for the page; `found` are the numbers after screening, as in the report."""

    name: str
    simulated: bool
    warning: str
    excluded: int
    found: Mapping[str, Any]
    figures: list[tuple[str, str]]
    sounds: Mapping[tuple[str, str], int]
    """The sound of each condition in each item."""
    predicted: Scatter | None = None

    @property
    def conditions(self) -> list[dict[str, Any]]:
        """Return the conditions from the highest mean down, each with its letters."""
        ordered = sorted(self.found["summaries"], key=lambda each: (-each["mean"], each["condition"]))
        letters = self.found["letters"]
        return [each | {"letters": letters.get(each["condition"], "")} for each in ordered]

    @property
    def opinions(self) -> list[dict[str, Any]]:
        """Return the mean opinion scores of the conditions over all items, from the highest down."""
        scores = (self.found.get("opinion") or {}).get("scores", [])
        return sorted((each for each in scores if not each["item"]), key=lambda each: (-each["mos"], each["condition"]))

    @property
    def computed(self) -> list[dict[str, Any]]:
        """Return the pairs whose difference has an interval."""
        return [each for each in self.found["differences"] if each["low"] is not None]

    @property
    def uncomputed(self) -> list[tuple[str, int]]:
        """Return why the other pairs have none, and how many have not for each reason."""
        return list(Counter(each["rule"] for each in self.found["differences"] if each["low"] is None).items())

    @property
    def is_long(self) -> bool:
        """Tell whether its pairs are more than one looks through at a glance."""
        return len(self.computed) > MAX_PAIRS_OPEN

    @property
    def names(self) -> list[str]:
        """Return the conditions in that order."""
        return [each["condition"] for each in self.conditions]

    @property
    def strips(self) -> Strip:
        """Return the mean of every stimulus, a row a condition, and a way to hear it."""
        return strips(self.conditions, self.found["items"], self.sounds)

    @property
    def items(self) -> list[tuple[str, list[dict[str, Any] | None]]]:
        """Return each item with its cell of each condition: mean, sound, and whether its ratings are of two minds."""
        cells = {(each["item"], each["condition"]): each for each in self.found["items"]}
        items = sorted({item for item, _condition in cells})
        return [(item, [self._cell(cells.get((item, name))) for name in self.names]) for item in items]

    def _cell(self, found: dict[str, Any] | None) -> dict[str, Any] | None:
        if found is None:
            return None
        return found | {"audio": self.sounds.get((found["item"], found["condition"]))}


def context(study: Study) -> dict[str, Any]:
    """Return what the Results tab shows of the study's analyses."""
    live = study.analyses.filter(status__in=LIVE).first()
    newest = study.analyses.first()
    done = study.analyses.filter(status="done").select_related("ratings").first()
    shown: dict[str, Any] = {
        "analysis": done, "analysing": live, "rules_form": RulesForm(study),
        "analysis_progress": progress(newest, reload=True) if newest and newest.status != "done" else "",
    }  # fmt: skip
    if done is None or done.ratings is None:
        return shown
    changed = Rating.objects.counted(study).count() != done.ratings.rows
    screening = done.results["screening"]
    return shown | {
        "panels": list(_panels(done)), "ratings_changed": changed, "exclusions": screening["exclusions"],
        "notes": screening["notes"],
    }  # fmt: skip


def start(request: HttpRequest, study: Study) -> HttpResponse:
    """Start an analysis of the ratings that count now."""
    usual = {name: each.initial for name, each in RulesForm.base_fields.items()}
    form = RulesForm(study, request.POST if "share" in request.POST else usual)
    if not form.is_valid():
        errors = [f"{form.fields[name].label}: {' '.join(map(str, own))}" for name, own in form.errors.items()]
        wrong = "; ".join(errors)
        return _back(request, study, wrong, messages.ERROR)
    if not Rating.objects.counted(study).exists():
        return _back(request, study, _("Nobody has rated yet."), messages.ERROR)
    try:
        with transaction.atomic():
            told = {name: form.cleaned_data[name] for name in ("margin", "baseline")}
            run = Analysis.objects.create(study=study, rules=form.changed(), **told)
    except IntegrityError:
        return _back(request, study, _("An analysis is running."), messages.WARNING)
    tasks.send(run)
    audit.record(request.user, study, "analysed")  # type: ignore[arg-type]
    return HttpResponseRedirect(tab_url(study, "results"))


def cancel(request: HttpRequest, study: Study) -> HttpResponse:
    """Stop the analysis that is under way."""
    run = study.analyses.filter(status__in=LIVE).first()
    if run is None or not run.cancel():
        return _back(request, study, _("No analysis is running."), messages.WARNING)
    return _back(request, study, _("Cancelled."), messages.SUCCESS)


def show_progress(_request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the state of the newest analysis, for the page that waits for it."""
    newest = study.analyses.first()
    return HttpResponse(progress(newest, reload=True) if newest else "")


def send_file(_request: HttpRequest, study: Study, name: str) -> FileResponse:
    """Answer with one file of the newest finished analysis; `report.zip` is all of them."""
    folder = _folder(study)
    if name == "report.zip":
        return _zipped(folder, study)
    path = folder / name
    if Path(name).name != name or path.suffix not in KINDS or not path.is_file():
        raise Http404
    answer = FileResponse(path.open("rb"), content_type=KINDS[path.suffix], filename=f"{study.slug}-{name}")
    if path.suffix in {".html", ".svg"}:
        answer["Content-Security-Policy"] = REPORT_POLICY
    return answer


def _zipped(folder: Path, study: Study) -> FileResponse:
    file = TemporaryFile()  # noqa: SIM115 the answer closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{study.slug}-report/{path.name}")
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{study.slug}-report.zip")


def _folder(study: Study) -> Path:
    done: Analysis | None = study.analyses.filter(status="done").first()
    if done is None or not done.folder.is_dir():
        raise Http404
    return done.folder


def _panels(run: Analysis) -> Iterator[Panel]:
    sounds = _sounds(run.study)
    names = dict(run.study.attributes.values_list("key", "name"))
    files = sorted(path.name for path in run.folder.glob("*.svg")) if run.folder.is_dir() else []
    for number, panel in enumerate(run.results["panels"], start=1):
        own = [name for name in files if name.startswith(f"{number}-")]
        figures = [(kind, name) for kind in FIGURE_ENDINGS for name in own if name.endswith(f"-{kind}.svg")]
        found = panel.get("kept") or panel["everybody"]
        name = names.get(panel["attribute"], panel["attribute"])
        drawn = scatter(panel.get("predicted"), sounds)
        yield Panel(name, panel["simulated"], panel["warning"], panel["excluded"], found, figures, sounds, drawn)


def _sounds(study: Study) -> dict[tuple[str, str], int]:
    rows = Stimulus.objects.filter(item__study=study).values_list("item__name", "condition__name", "audio_id")
    return {(item, condition): audio for item, condition, audio in rows}


def _back(request: HttpRequest, study: Study, words: str, level: int) -> HttpResponse:
    messages.add_message(request, level, words)
    return HttpResponseRedirect(tab_url(study, "results"))
