"""Ears: encoders that others trained, which hear how far an estimate is from its reference without any rating.

Their weights are not part of this project: three come with packages of their own (`packaged`), three are folders that
the user has (`pretrained`). An ear is a member of an objective (feature `ear_NAME`) or a judge of what was trained
against one, never both (`judging`).
"""

from lossmodel.objective.ears.catalogue import EARS, installed, open_ear, open_ears
from lossmodel.objective.ears.distance import compute, distance, ear_of, features_of, hears_remix
from lossmodel.objective.ears.judging import refuse_member
from lossmodel.objective.ears.protocol import Ear

__all__ = [
    "EARS",
    "Ear",
    "compute",
    "distance",
    "ear_of",
    "features_of",
    "hears_remix",
    "installed",
    "open_ear",
    "open_ears",
    "refuse_member",
]
