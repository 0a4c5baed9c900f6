"""The tables, one concern a file."""

from listening.models.analysis import Analysis
from listening.models.api_token import ApiToken, Scope
from listening.models.audio import Audio
from listening.models.events import Event, Heard, heard_seconds
from listening.models.health import HealthProbe
from listening.models.intake import Intake, IntakeFile, Preparation
from listening.models.learning import LEARNING_RUNS, Checkpoint, Objective, RatingSet, Rendering, TrainingRun, ancestry
from listening.models.lyrics import LyricsAlignment, LyricsCorrection
from listening.models.method import Role
from listening.models.notices import Notice
from listening.models.progress import Stage
from listening.models.recruiting import Invitation, Recruitment
from listening.models.run import Run, RunStopped, while_claimed
from listening.models.session import Assessor, Full, Session, Unavailable
from listening.models.sitting import Comprehension, HeadphoneCheck, Question, Reply
from listening.models.study import Attribute, Condition, Item, Reference, Stimulus, Study
from listening.models.sweeping import SweepTurn
from listening.models.team import Right, StudyRole
from listening.models.trial import Rating, Slot, Trial

RUN_MODELS: tuple[type[Run], ...] = (*LEARNING_RUNS, Preparation, Analysis, LyricsAlignment)
"""Every kind of long job, for `sweep`, the API and the admin."""

__all__ = [
    "RUN_MODELS",
    "Analysis",
    "ApiToken",
    "Assessor",
    "Attribute",
    "Audio",
    "Checkpoint",
    "Comprehension",
    "Condition",
    "Event",
    "Full",
    "HeadphoneCheck",
    "HealthProbe",
    "Heard",
    "Intake",
    "IntakeFile",
    "Invitation",
    "Item",
    "LyricsAlignment",
    "LyricsCorrection",
    "Notice",
    "Objective",
    "Preparation",
    "Question",
    "Rating",
    "RatingSet",
    "Recruitment",
    "Reference",
    "Rendering",
    "Reply",
    "Right",
    "Role",
    "Run",
    "RunStopped",
    "Scope",
    "Session",
    "Slot",
    "Stage",
    "Stimulus",
    "Study",
    "StudyRole",
    "SweepTurn",
    "TrainingRun",
    "Trial",
    "Unavailable",
    "ancestry",
    "heard_seconds",
    "while_claimed",
]
