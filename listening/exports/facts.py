"""What BS.1534-3's clauses are judged by, gathered from a study and its ratings."""

from collections import Counter, defaultdict
from statistics import median

from django.db.models import Count

from listening.conformity import Facts
from listening.models import Rating, Role, Stimulus, Study
from listening.models.sitting import checked_attributes


def facts(study: Study) -> Facts:
    """Return what `listening.conformity.check` judges a study by."""
    rules = study.rules
    stimuli = list(
        Stimulus.objects.filter(item__study=study, item__training=False).values_list(
            "item", "condition__name", "condition__role", "audio__frames", "audio__rate", "audio__loudness"
        )
    )
    return Facts(
        form=rules.form,
        open_reference=rules.open_reference,
        attributes=study.attributes.count(),
        intervals=rules.intervals,
        only_sounding=rules.only_sounding,
        all_moved=rules.all_moved,
        one_full=rules.one_full,
        anchors=frozenset(name for _, name, role, *_ in stimuli if role == Role.ANCHOR),
        stimuli_per_item=tuple(Counter(item for item, *_ in stimuli).values()),
        items_with_reference=len({item for item, _, role, *_ in stimuli if role == Role.REFERENCE}),
        items_per_system=tuple(Counter(name for _, name, role, *_ in stimuli if role == Role.SYSTEM).values()),
        longest=max((frames / rate for *_, frames, rate, _loudness in stimuli), default=0.0),
        loudness=study.loudness,
        unmeasured=sum(row[-1] is None for row in stimuli),
        replicates=study.replicates,
        imported=bool(study.source),
        comprehension=tuple(each.key for each in checked_attributes(study)) if study.comprehension else None,
        trainings=study.attributes.count() * study.items.filter(training=True).count(),
        medians=_system_medians(study),
        assessors=study.sessions.counted().values("assessor").distinct().count(),
    )


def _system_medians(study: Study) -> tuple[float, ...]:
    """Return the median rating of each system; the database counts equal scores, so that a large study is no slower."""
    systems = Rating.objects.counted(study).filter(slot__stimulus__condition__role=Role.SYSTEM).order_by()
    counted = systems.values_list("slot__stimulus__condition", "score").annotate(times=Count("pk"))
    scores: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for condition, score, times in counted:
        scores[condition].append((score, times))
    return tuple(median([score for score, times in own for _time in range(times)]) for own in scores.values())
