"""Simulated assessors rate a study; all their ratings are marked simulated."""

from itertools import groupby
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from listening.exports import ratings as export
from listening.models import Assessor, Rating, Session, Slot, Study
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent

if TYPE_CHECKING:
    from lossmodel.objective.fitting.simulate import Assessor as Listener
    from lossmodel.objective.fitting.simulate import Truth


def simulate(study: Study, assessors: int, seed: int, report: Report = silent) -> list[Session]:
    """Let simulated assessors rate every stimulus of their sessions; return the new sessions, each marked simulated.

    They hear through a known objective and have offsets, scales and noise like real panels, all drawn from `seed`.
    With the same seed, a second call goes on with further assessors. It asks neither for an open study nor a quota.
    """
    from lossmodel.objective.fitting import simulate as listeners

    pairs = export.pairs(study)
    if not pairs:
        raise BadInput(f"{study} has no stimuli to rate; import some first")
    heard = listeners.listener(list(study.attributes.values_list("key", flat=True)))
    right = listeners.truth(heard, pairs, report=lambda step, _: report(step, len(pairs) + assessors))
    panel, sat = f"simulated-{seed}-", []
    first = study.sessions.filter(assessor__code__startswith=panel).count()
    for number in range(first, first + assessors):
        row, _ = Assessor.objects.get_or_create(code=f"{panel}{number + 1:03d}", defaults={"simulated": True})
        sat.append(_sit(study, row, listeners.Assessor(seed, number), right))
        report(len(pairs) + len(sat), len(pairs) + assessors)
    return sat


@transaction.atomic
def _sit(study: Study, row: Assessor, listener: "Listener", right: "Truth") -> Session:
    """Return a finished session in which `listener` rated every slot."""
    session: Session = Session.objects.begin(study, row)
    slots = Slot.objects.filter(trial__session=session).select_related(
        "trial__attribute", "trial__item", "stimulus__condition"
    )
    ratings: list[Rating] = []
    for _trial, page in groupby(slots, key=lambda slot: slot.trial_id):
        shown = list(page)
        given = study.rules.given([_heard(slot, listener, right) for slot in shown])
        ratings += [Rating(slot=slot, score=score) for slot, score in zip(shown, given, strict=True)]
    Rating.objects.bulk_create(ratings)
    now = timezone.now()
    session.trials.update(started_at=now, finished_at=now)
    Session.objects.filter(pk=session.pk).update(consented_at=now, instructed_at=now, finished_at=now)
    session.refresh_from_db()
    return session


def _heard(slot: Slot, listener: "Listener", right: "Truth") -> float:
    """Return the score (0–100) that `listener` would give the stimulus in `slot` on a scale."""
    key = (slot.trial.attribute.key, slot.trial.item.name, slot.stimulus.condition.name)
    return listener.score(right[key], "/".join(key), replicate=slot.trial.replicate)
