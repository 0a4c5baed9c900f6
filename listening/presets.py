"""Test methods: what is asked, on which scale, with which anchors and rules. Pure.

A study copies the texts of its preset when it is made, so that they may be edited; the rules are looked up by key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lossmodel.errors import BadInput

BS1534_INTERVALS = ("Bad", "Poor", "Fair", "Good", "Excellent")
"""Labels of the five equal intervals of the continuous quality scale, lowest first (ITU-R BS.1534-3, p. 9)."""


@dataclass(frozen=True)
class AttributeText:
    """What is judged: `question` heads the trial, `low` and `high` name the ends of the scale (0 and 100)."""

    key: str
    name: str
    question: str
    definition: str
    low: str
    high: str


@dataclass(frozen=True)
class Rules:
    """How a trial behaves and what it asks for before it may be left."""

    only_sounding: bool = True
    """Only the slider of the stimulus now heard moves (BS.1534-3 §5.4)."""
    all_heard: bool = True
    all_moved: bool = True
    one_full: bool = False
    """At least one stimulus must be rated 100: the hidden reference is among them (BS.1534-3, p. 23)."""
    start: float | None = None
    """Where sliders stand at first, 0–100; None: each at a place drawn for its slot."""
    show_number: bool = False
    intervals: tuple[str, ...] = ()
    """Labels of equal intervals of the scale, lowest first; none: only its ends are labelled."""
    open_mixture: bool = False
    """The mixture is offered as a second open reference."""


@dataclass(frozen=True)
class Preset:
    """A test method. `anchors` name recipes of `listening.anchors`."""

    key: str
    title: str
    attributes: tuple[AttributeText, ...]
    instructions: str
    anchors: tuple[str, ...]
    rules: Rules


def preset(key: str) -> Preset:
    """Return the preset called `key`; `BadInput` names the known ones."""
    if key not in PRESETS:
        raise BadInput(f"no preset is called {key!r}; known are: {', '.join(PRESETS)}")
    return PRESETS[key]


_HEAR_AND_COMPARE = (
    "On each page you hear a reference and several unlabelled versions of the same excerpt. Switch between them as "
    "often as you like, and compare each with the reference before you rate it with its slider. "
)
_HIDDEN = "One of the versions is the reference itself, hidden among the others. "
_NO_HURRY = "There is no right or wrong answer and no hurry: judge by ear alone."

_WARD = Preset(
    key="ward-2",
    title="Separated singing voice: sound quality and interference (Ward et al., 2018)",
    attributes=(
        AttributeText(
            key="quality",
            name="Sound quality",
            question="How good is the sound quality of the voice, compared with the reference?",
            definition=(
                "Everything that is wrong with the voice itself: distortion, dullness, missing parts, gargling or "
                "metallic artificial sounds. Other instruments that are still to be heard do not count here."
            ),
            low="Worse quality",
            high="Same quality",
        ),
        AttributeText(
            key="interference",
            name="Interference",
            question="How strong is the interference from other instruments, compared with the reference?",
            definition=(
                "How much of the other instruments in the song is to be heard beside the voice. Distortions of the "
                "voice and artificial sounds that come from no instrument do not count here."
            ),
            low="Strong interference",
            high="No interference",
        ),
    ),
    instructions=(
        _HEAR_AND_COMPARE + _HIDDEN + "A version that you cannot tell from the reference belongs at the top end of the "
        "scale; the worst version of a page may lie at the bottom, but need not. The pages ask about one attribute "
        "first and then about the other: please keep the two apart. " + _NO_HURRY
    ),
    anchors=("quality-anchor", "interference-anchor"),
    rules=Rules(),
)

_MUSHRA = Preset(
    key="mushra",
    title="MUSHRA: basic audio quality (ITU-R BS.1534-3)",
    attributes=(
        AttributeText(
            key="basic-audio-quality",
            name="Basic audio quality",
            question="How good is the basic audio quality, compared with the reference?",
            definition="One overall judgement: any and all differences that you detect between a version and the "
            "reference.",
            low="Bad",
            high="Excellent",
        ),
    ),
    instructions=(
        _HEAR_AND_COMPARE + _HIDDEN + "At least one version of each page must therefore be rated 100; the lowest need "
        "not be “bad”. " + _NO_HURRY
    ),
    anchors=("lowpass-3500", "lowpass-7000"),
    rules=Rules(one_full=True, start=0.0, show_number=True, intervals=BS1534_INTERVALS),
)

_SIMILARITY = Preset(
    key="similarity",
    title="Separated singing voice: overall similarity (SiSEC 2018)",
    attributes=(
        AttributeText(
            key="similarity",
            name="Similarity",
            question="How similar is each version to the reference?",
            definition="One overall judgement of every difference from the reference: distortion of the voice, "
            "artificial sounds and other instruments alike.",
            low="Very different",
            high="Same as the reference",
        ),
    ),
    instructions=_HEAR_AND_COMPARE + _HIDDEN + "It belongs at the top end of the scale. " + _NO_HURRY,
    anchors=("interference-anchor", "quality-anchor"),
    rules=Rules(),
)

_PEASS = Preset(
    key="peass-4",
    title="Source separation: the four PEASS questions (Emiya et al., 2011)",
    attributes=(
        AttributeText(
            key="global-quality",
            name="Global quality",
            question="How good is the quality overall, compared with the reference?",
            definition="One overall judgement of every difference from the reference.",
            low="Bad",
            high="Excellent",
        ),
        AttributeText(
            key="target-preservation",
            name="Preservation of the voice",
            question="How well is the voice preserved?",
            definition="Whether the voice sounds as in the reference: nothing missing, dull or distorted. What is "
            "heard beside the voice does not count here.",
            low="Badly preserved",
            high="Perfectly preserved",
        ),
        AttributeText(
            key="other-sources",
            name="Suppression of other instruments",
            question="How well are the other instruments suppressed?",
            definition="How little of the other instruments of the song is to be heard beside the voice.",
            low="Not suppressed",
            high="Fully suppressed",
        ),
        AttributeText(
            key="artificial-noise",
            name="Absence of artificial noise",
            question="How free is it from additional artificial noise?",
            definition="How little there is of sounds that come neither from the voice nor from any instrument, such "
            "as gargling, warbling or musical noise.",
            low="Strong noise",
            high="No noise",
        ),
    ),
    instructions=(
        _HEAR_AND_COMPARE + "The mixture from which the voice was taken is offered too, so that you know the other "
        "instruments. " + _HIDDEN + "It must be rated 100. Each page asks one of four questions: please answer only "
        "that one. " + _NO_HURRY
    ),
    anchors=("distorted-target", "musical-noise", "interference-anchor"),
    rules=Rules(one_full=True, start=0.0, show_number=True, open_mixture=True),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({each.key: each for each in (_WARD, _MUSHRA, _SIMILARITY, _PEASS)})
