"""Analyse a study's ratings: frozen, then the same report as the shell's, in the run's folder."""

import shlex
from typing import TYPE_CHECKING, Any

from celery import shared_task

from listening import conformity, presets
from listening.exports.facts import facts
from listening.exports.ratings import freeze
from listening.models import Analysis, RatingSet, Study
from listening.tasks import frozen
from listening.tasks.runs import carry_out, finite
from lossmodel.progress import Report, silent

if TYPE_CHECKING:
    from lossmodel.ratings.predicted import Predictions

SHOWN_OF_ITEMS = ("item", "condition", "mean", "ratings", "one_mode_p")


@shared_task(name="listening.tasks.analyse")
def analyse(pk: int, report: Report = silent) -> None:
    """Analyse the ratings that a study has now."""
    carry_out(Analysis.objects.select_related("study").get(pk=pk), _analyse, report)


def _analyse(run: Analysis, report: Report) -> None:
    from lossmodel.ratings.analyse import analyse as write_report
    from lossmodel.ratings.analyse import results_json
    from lossmodel.ratings.provenance import provenance
    from lossmodel.ratings.thresholds import Rules

    ratings = freeze(run.study)
    rated = frozen.read(ratings)
    command = _command(run)
    found = write_report(
        rated, run.folder, rules=Rules(**run.rules), seed=run.seed, margin=run.margin, baseline=run.baseline or None,
        predictions=_predictions(run.study), sources=[ratings.path], command=command, about=_about(run.study),
        report=report,
    )  # fmt: skip
    made = provenance(seed=run.seed, sources=[ratings.path], command=command)
    run.finish(ratings=ratings, results=finite(_for_pages(results_json(found, made))))


def _command(run: Analysis) -> str:
    """Return the command that makes the report again, the study's own tables and predictions left out."""
    options: dict[str, Any] = {"ratings": "ratings.csv", "output": "report", **run.rules}
    options |= {"margin": run.margin} if run.margin is not None else {}
    options |= {"baseline": run.baseline} if run.baseline else {}
    told = [
        word
        for name, value in (options | {"seed": run.seed}).items()
        for word in (f"--{name.replace('_', '-')}", *([] if value is True else [str(value)]))
    ]
    return shlex.join(["python", "-m", "lossmodel", "analyse", *told])


def _predictions(study: Study) -> "Predictions | None":
    """Return what an objective predicted of the study before anybody listened; None where none was asked."""
    import pandas as pd

    from lossmodel.ratings.predicted import Predictions

    stored = study.rendering.forecast if study.rendering else {}
    if study.rendering is None or not stored.get("attributes"):
        return None
    cells: dict[tuple[str, str], dict[str, float]] = {}
    for attribute, items in stored["attributes"].items():
        for item, conditions in items.items():
            for condition, said in conditions.items():
                named = {attribute: said["mean"], f"{attribute}_low": said["low"], f"{attribute}_high": said["high"]}
                cells.setdefault((item, condition), {}).update(named)
    rows = [{"item": item, "condition": condition, **values} for (item, condition), values in cells.items()]
    return Predictions(pd.DataFrame(rows), f"objective {stored['objective']}", _standing(study, stored["objective"]))


def _standing(study: Study, objective: int) -> str:
    """Return whether the objective had seen ratings of this study, and which system was made to please it."""
    seen = RatingSet.objects.filter(objectives=objective, study=study).exists()
    held_out = "fitted to ratings of this study too" if seen else "held out: not fitted to any rating of this study"
    pleasing = f"{study.rendering.condition} was trained against it" if study.rendering else ""
    return "; ".join(filter(None, [held_out, pleasing]))


def _about(study: Study) -> dict[str, list[dict[str, str]]]:
    """Return what the report says of the test itself: its design, and BS.1534-3 clause by clause."""
    words = {True: "yes", False: "no", None: "cannot be checked by software"}
    clauses = [
        {"clause": each.text, "page": each.page, "met": words[each.met], "found": each.detail}
        for each in conformity.check(facts(study))
    ]
    return {"Design": _design(study), "Conformity to ITU-R BS.1534-3": clauses}


def _design(study: Study) -> list[dict[str, str]]:
    method = presets.PRESETS.get(study.preset)
    asked = "; ".join(f"{each.name}: {each.question}" for each in study.attributes.all())
    sat = study.sessions.counted()
    worded = study.items.filter(training=False, show_words=True).count()
    known = {
        "study": f"{study.title} ({study.slug})",
        "method": method.title if method else study.preset,
        "attributes": asked,
        "items": str(study.items.filter(training=False).count()),
        "items whose words assessors saw": str(worded) if worded else "",
        "replicates of each attribute": str(study.replicates),
        "sittings": f"{sat.count()}, {sat.exclude(finished_at=None).count()} of them finished",
        "responsible": ", ".join(filter(None, [study.responsible, study.institution])),
        "ethics": study.ethics,
    }
    return [{"": name, "value": value} for name, value in known.items() if value]


def _for_pages(results: dict[str, Any]) -> dict[str, Any]:
    """Return the results with what pages show of each item alone: a large test has thousands."""
    for panel in results["panels"]:
        for found in (panel["everybody"], panel.get("kept")):
            if found is not None:
                found["items"] = [{name: each[name] for name in SHOWN_OF_ITEMS} for each in found["items"]]
    return results
