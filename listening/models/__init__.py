"""The tables, one concern a file."""

from listening.models.events import Event
from listening.models.learning import RUNS, Checkpoint, Objective, RatingSet, Rendering, TrainingRun, ancestry
from listening.models.method import Role
from listening.models.progress import Stage
from listening.models.run import Run, RunStopped, carried_out
from listening.models.session import Assessor, Session, Unavailable
from listening.models.sitting import HeadphoneCheck, Question, Reply
from listening.models.study import Attribute, Audio, Condition, Item, Reference, Stimulus, Study
from listening.models.trial import Rating, Slot, Trial

__all__ = [
    "RUNS",
    "Assessor",
    "Attribute",
    "Audio",
    "Checkpoint",
    "Condition",
    "Event",
    "HeadphoneCheck",
    "Item",
    "Objective",
    "Question",
    "Rating",
    "RatingSet",
    "Reference",
    "Rendering",
    "Reply",
    "Role",
    "Run",
    "RunStopped",
    "Session",
    "Slot",
    "Stage",
    "Stimulus",
    "Study",
    "TrainingRun",
    "Trial",
    "Unavailable",
    "ancestry",
    "carried_out",
]
