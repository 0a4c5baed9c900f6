"""How much of a sitting is done, and how long the rest may take: by the assessor's own pace once there is one.

The pace of those before counts once enough of them have finished, and no pace is ever faster than the sounds are long:
who clicks through shortens nobody's promise.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean

from django.db.models import F, FloatField, Sum

from listening.design import plan
from listening.models import Session, Stimulus, Study, Trial

MIN_FINISHED_TRIALS = 3
"""Finished trials from which an assessor's own pace is taken."""

MIN_FINISHED_SITTINGS, RECENT_SITTINGS = 10, 50
"""Finished sittings of people from which a study's pace is taken, and how many of the newest, at most."""

TRIMMED_SHARE = 0.2
"""The share of values that is left out at either end before a mean: breaks and click-throughs."""

STEP_SECONDS = {
    "instructions": 60.0,
    "volume": 20.0,
    "headphones": 60.0,
    "examples": 40.0,
    "question": 15.0,
    "end": 15.0,
}
"""What the other steps take, by experience."""

HEARINGS_OF_A_STIMULUS, THINKING_SECONDS_A_TRIAL = 1.5, 10.0
"""How often each sound of a trial is heard at first guess, and the seconds spent on the trial besides."""


@dataclass(frozen=True)
class RemainingTime:
    """`share` of the session that is done (0–100 %), and the `minutes` that are left, at least 1."""

    share: int
    minutes: int


def remaining_time(session: Session) -> RemainingTime:
    """Return how far a sitting is."""
    steps = _steps(session)
    total, done = sum(each for each, _ in steps), sum(done for _, done in steps)
    return RemainingTime(share=round(100 * done / total), minutes=_minutes(total - done))


def expected(study: Study) -> RemainingTime:
    """Return how long a sitting of `study` takes, for whoever thinks about beginning one."""
    lengths = _lengths(study)
    steps = sum(seconds for seconds, _name in _asked(study, study.questions.count()))
    rest = STEP_SECONDS["instructions"] + STEP_SECONDS["end"] + steps
    return RemainingTime(share=0, minutes=_minutes(rest + len(lengths) * _pace_before(study, lengths)))


def trimmed_mean(values: Iterable[float]) -> float:
    """Return the mean without `TRIMMED_SHARE` of the values at either end, rounded up while any are left.

    >>> trimmed_mean([1, 50, 60, 70, 3600])
    60.0
    """
    ordered = sorted(values)
    out = min(ceil(TRIMMED_SHARE * len(ordered)), (len(ordered) - 1) // 2)
    return fmean(ordered[out : len(ordered) - out])


def _steps(session: Session) -> list[tuple[float, float]]:
    """Return (seconds, seconds done) of every step."""
    study, taken = session.study, list(session.trials.order_by().values_list("finished_at", "seconds"))
    finished, pace = sum(end is not None for end, _ in taken), _pace(session, [seconds for _, seconds in taken])
    asked = study.questions.count()
    replied = session.replies.count() if asked else 0
    checked = session.checks.exclude(passed=None).count() if study.checks else 0
    marks = {
        "volume": bool(session.volume_at), "examples": bool(session.familiarised_at),
        "headphones": checked / max(1, len(study.checks)), "question": replied / max(1, asked),
    }  # fmt: skip
    instructed = STEP_SECONDS["instructions"]
    own = [
        (instructed, instructed * bool(session.instructed_at)),
        (len(taken) * pace, finished * pace),
        (STEP_SECONDS["end"], 0),
    ]
    return own + [(seconds, seconds * marks[name]) for seconds, name in _asked(study, asked)]


def _asked(study: Study, questions: int) -> list[tuple[float, str]]:
    """Return (seconds, name) of the steps that only some studies have."""
    counts = {
        "volume": study.volume_step, "examples": study.familiarisation, "headphones": len(study.checks),
        "question": questions,
    }  # fmt: skip
    return [(STEP_SECONDS[name] * count, name) for name, count in counts.items()]


def _pace(session: Session, taken: Sequence[float | None]) -> float:
    """Return the seconds that a trial takes this assessor, by those `taken` so far; else what it took those before."""
    length = F("slots__stimulus__audio__frames") * 1.0 / F("slots__stimulus__audio__rate")
    together = session.trials.aggregate(seconds=Sum(length, output_field=FloatField()))["seconds"] or 0.0
    sounding = together / max(1, len(taken))
    own = [seconds for seconds in taken if seconds is not None]
    if len(own) >= MIN_FINISHED_TRIALS:
        return max(1.0, sounding, trimmed_mean(own))
    return _pace_before(session.study, [sounding])


def _pace_before(study: Study, lengths: list[float]) -> float:
    """Return the seconds that a trial takes: of people who sat to the end, else a guess by its sounds.

    `lengths` are those of trials in seconds, the sounds that have to be heard taken together: nobody is faster.
    """
    sounding = fmean(lengths) if lengths else 0.0
    paces = _paces(study)
    if len(paces) >= MIN_FINISHED_SITTINGS:
        return max(1.0, sounding, trimmed_mean(paces))
    return THINKING_SECONDS_A_TRIAL + HEARINGS_OF_A_STIMULUS * sounding


def _paces(study: Study) -> list[float]:
    """Return the seconds a trial took, for each of the newest finished sittings of people; no pilots."""
    finished = study.sessions.sat().finished().filter(pilot=False, assessor__simulated=False)
    newest = list(finished.order_by("-finished_at").values_list("pk", flat=True)[:RECENT_SITTINGS])
    trials = Trial.objects.counted().filter(session__in=newest).order_by()
    seconds: dict[int, list[float]] = defaultdict(list)
    for session, taken in trials.values_list("session", "seconds"):
        if taken is not None:
            seconds[session].append(taken)
    return [trimmed_mean(own) for own in seconds.values()]


def _lengths(study: Study) -> list[float]:
    """Return how long the stimuli of each trial of a sitting last together, in seconds."""
    stimuli = Stimulus.objects.filter(item__study=study)
    length = {pk: frames / rate for pk, frames, rate in stimuli.values_list("pk", "audio__frames", "audio__rate")}
    pages = [page for training in (False, True) for page in plan(study.design(training=training), 0)]
    return [sum(length[stimulus] for stimulus in page.stimuli) for page in pages]


def _minutes(seconds: float) -> int:
    return max(1, round(seconds / 60))
