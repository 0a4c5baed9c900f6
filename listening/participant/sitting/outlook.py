"""How much of a sitting is done, and how long the rest may take: by the assessor's own pace once there is one."""

from dataclasses import dataclass
from statistics import median

from django.db.models import QuerySet

from listening.design import plan
from listening.models import Session, Stimulus, Study, Trial

ENOUGH = 3
"""Finished trials from which a pace is taken."""

RECENT = 200
"""Finished trials that a pace is taken from, at most."""

SECONDS = {"instructions": 60.0, "volume": 20.0, "headphones": 60.0, "examples": 40.0, "question": 15.0, "end": 15.0}
"""What the other steps take, by experience."""

HEARINGS, THINKING = 1.5, 10.0
"""How often each sound of a trial is heard at first guess, and the seconds spent on the trial besides."""


@dataclass(frozen=True)
class Outlook:
    """`share` of the sitting that is done (0–100 %), and the `minutes` that are left, at least 1."""

    share: int
    minutes: int


def outlook(session: Session) -> Outlook:
    """Return how far a sitting is."""
    steps = _steps(session)
    total, done = sum(each for each, _ in steps), sum(done for _, done in steps)
    return Outlook(share=round(100 * done / total), minutes=_minutes(total - done))


def expected(study: Study) -> Outlook:
    """Return how long a sitting of `study` takes, for whoever thinks about beginning one."""
    trials = sum(len(plan(study.design(training=training), 0)) for training in (False, True))
    rest = SECONDS["instructions"] + SECONDS["end"] + sum(seconds for seconds, _asked in _asked(study))
    return Outlook(share=0, minutes=_minutes(rest + trials * _pace(study)))


def _steps(session: Session) -> list[tuple[float, float]]:
    """Return (seconds, seconds done) of every step."""
    study, trials = session.study, session.trials.count()
    pace = _pace(study, session)
    finished = trials - session.trials.open().count()
    replied, asked = session.replies.count(), study.questions.count()
    checked = session.checks.exclude(passed=None).count() if study.checks else 0
    marks = {
        "volume": bool(session.volume_at), "examples": bool(session.familiarised_at),
        "headphones": checked / max(1, len(study.checks)), "question": replied / max(1, asked),
    }  # fmt: skip
    instructed = SECONDS["instructions"]
    own = [
        (instructed, instructed * bool(session.instructed_at)),
        (trials * pace, finished * pace),
        (SECONDS["end"], 0),
    ]
    return own + [(seconds, seconds * marks[name]) for seconds, name in _asked(study)]


def _asked(study: Study) -> list[tuple[float, str]]:
    """Return (seconds, name) of the steps that only some studies have."""
    counts = {
        "volume": study.volume_step, "examples": study.familiarisation, "headphones": len(study.checks),
        "question": study.questions.count(),
    }  # fmt: skip
    return [(SECONDS[name] * count, name) for name, count in counts.items()]


def _pace(study: Study, session: Session | None = None) -> float:
    """Return the seconds that a trial takes: of this assessor, else of those before, else by the sounds' length."""
    own = _seconds(session.trials.all()) if session else []
    if len(own) < ENOUGH:
        own = _seconds(Trial.objects.counted().filter(session__study=study, session__assessor__simulated=False))
    return max(1.0, median(own)) if len(own) >= ENOUGH else _guess(study)


def _seconds(trials: QuerySet[Trial]) -> list[float]:
    """Return how long the newest finished ones took."""
    newest = trials.exclude(seconds=None).order_by("-finished_at")[:RECENT]
    return [seconds for seconds in newest.values_list("seconds", flat=True) if seconds is not None]


def _guess(study: Study) -> float:
    stimuli = Stimulus.objects.filter(item__study=study)
    lengths = [frames / rate for frames, rate in stimuli.values_list("audio__frames", "audio__rate")]
    items = stimuli.values("item").distinct().count()
    return THINKING + HEARINGS * sum(lengths) / max(1, items)


def _minutes(seconds: float) -> int:
    return max(1, round(seconds / 60))
