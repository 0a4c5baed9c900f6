"""The only door by which audio comes in: checked, one shape an item, loudness, FLAC, a name that tells nothing."""

from listening.stimuli.admission import (
    Source,
    Take,
    admit,
    admit_accompaniment,
    admit_mixture,
    admit_reference,
    together,
)
from listening.stimuli.drafts import (
    HIDDEN_REFERENCE,
    Excerpt,
    add_anchors,
    add_hidden_reference,
    fill,
    new_study,
    redraft,
)
from listening.stimuli.folder import fill_from_folder, from_folder
from listening.stimuli.selection import select

__all__ = [
    "HIDDEN_REFERENCE",
    "Excerpt",
    "Source",
    "Take",
    "add_anchors",
    "add_hidden_reference",
    "admit",
    "admit_accompaniment",
    "admit_mixture",
    "admit_reference",
    "fill",
    "fill_from_folder",
    "from_folder",
    "new_study",
    "redraft",
    "select",
    "together",
]
