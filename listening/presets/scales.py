"""One page an item: all its versions side by side, one slider each (MUSHRA and its relatives). Pure."""

from listening.presets.method import (
    BS1534_INTERVALS,
    HEAR_AND_COMPARE,
    HIDDEN_REFERENCE,
    JUDGE_BY_EAR,
    AttributeText,
    Preset,
    Rules,
    Start,
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
        HEAR_AND_COMPARE
        + HIDDEN_REFERENCE
        + "At least one version of each page must therefore be rated 100; the lowest need "
        "not be “bad”. " + JUDGE_BY_EAR
    ),
    anchors=("lowpass-3500", "lowpass-7000"),
    rules=Rules(one_full=True, start=0.0, show_number=True, intervals=BS1534_INTERVALS),
)

_NOT_MENTIONED = Preset(
    key="mushra-nmr",
    title="MUSHRA without a mentioned reference (arXiv 2411.12719)",
    attributes=(
        AttributeText(
            key="basic-audio-quality",
            name="Basic audio quality",
            question="How good is the basic audio quality?",
            definition="One overall judgement of what you hear in a version: everything that you find disturbing, "
            "missing or artificial in it.",
            low="Bad",
            high="Excellent",
        ),
    ),
    instructions=(
        "On each page you hear several unlabelled versions of the same excerpt. Switch between them as often as you "
        "like, and rate each with its slider. " + JUDGE_BY_EAR
    ),
    anchors=("lowpass-3500", "lowpass-7000"),
    rules=Rules(start=Start.NONE, show_number=True, intervals=BS1534_INTERVALS, open_reference=False),
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
    instructions=HEAR_AND_COMPARE + HIDDEN_REFERENCE + "It belongs at the top end of the scale. " + JUDGE_BY_EAR,
    anchors=("interference-anchor", "quality-anchor"),
    rules=Rules(),
)

SCALES = (_MUSHRA, _NOT_MENTIONED, _SIMILARITY)
