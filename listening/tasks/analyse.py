"""Analyse a study's ratings: frozen, then the same report as the shell's, in the run's folder."""

from typing import Any

from celery import shared_task

from listening import conformity, presets
from listening.exports.facts import facts
from listening.exports.ratings import freeze
from listening.models import Analysis, Study
from listening.tasks import frozen
from listening.tasks.runs import carry_out, finite
from lossmodel.progress import Report, silent

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
    command = f"python -m lossmodel analyse --ratings ratings.csv --output report --seed {run.seed}"
    found = write_report(
        rated, run.folder, rules=Rules(**run.rules), seed=run.seed, sources=[ratings.path], command=command,
        about=_about(run.study), report=report,
    )  # fmt: skip
    made = provenance(seed=run.seed, sources=[ratings.path], command=command)
    run.finish(ratings=ratings, results=finite(_for_pages(results_json(found, made))))


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
    known = {
        "study": f"{study.title} ({study.slug})",
        "method": method.title if method else study.preset,
        "attributes": asked,
        "items": str(study.items.filter(training=False).count()),
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
