"""The whole ring, small: listening test → ratings → objective → separator → next listening test."""

import io
import re

import pytest
from django.core.management import call_command

from listening.exports import ratings as export
from listening.management.ring.plan import STAGE_SHARES
from listening.models import Objective, RatingSet, Rendering, Session, Study, TrainingRun, ancestry

SMALL = {"items": 3, "songs": 2, "steps": 6, "assessors": 4, "seconds": 3.0}


def close_the_ring() -> str:
    out = io.StringIO()
    call_command("demo", no_serve=True, stdout=out, **SMALL)
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_ring_closes():
    told = close_the_ring()
    rated, draft = Study.objects.get(slug="demo"), Study.objects.get(slug="demo-2")

    assert (rated.status, draft.status) == ("open", "draft")
    assert set(draft.conditions.values_list("name", flat=True)) == {
        *rated.conditions.values_list("name", flat=True),
        "wave-u-net (perceptual)",
    }
    assert draft.sessions.count() == 0
    assert len(re.findall(r"^     \d+ s, about \d+ s left$", told, re.MULTILINE)) == len(STAGE_SHARES) - 1
    assert "not yet" in next(line for line in told.splitlines() if line.startswith("wave-u-net (perceptual)"))

    the_draft_knows_everything_it_was_made_from(rated, draft)
    simulated_ratings_are_marked_in_rows_files_and_cards(rated)
    a_second_call_finds_everything_done()


def the_draft_knows_everything_it_was_made_from(rated: Study, draft: Study) -> None:
    rows = [row for _, row in ancestry(draft)]
    assert {type(row) for row in rows} >= {Rendering, TrainingRun, Objective, RatingSet, Study}
    assert rated in rows
    assert TrainingRun.objects.get(objective__isnull=False).start.run in rows


def simulated_ratings_are_marked_in_rows_files_and_cards(rated: Study) -> None:
    frozen = rated.rating_sets.get()
    assert frozen.rows == frozen.simulated > 0
    assert all(row["simulated"] for row in export.rows(rated))
    assert all(rated["simulated"] for rated in Objective.objects.get().card["data"].values())


def a_second_call_finds_everything_done() -> None:
    models = (Study, Session, RatingSet, Objective, TrainingRun, Rendering)
    before = [list(model.objects.values_list("pk", flat=True)) for model in models]
    close_the_ring()
    assert before == [list(model.objects.values_list("pk", flat=True)) for model in models]
