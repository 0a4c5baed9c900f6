"""How good a separated voice is, attribute by attribute (Ward, PEASS, CAQE). Pure."""

from listening.presets.method import (
    HEAR_AND_COMPARE,
    HIDDEN_REFERENCE,
    JUDGE_BY_EAR,
    AttributeText,
    Preset,
    Rules,
)

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
                "metallic sounds. Other instruments that can still be heard do not count here."
            ),
            low="Worse quality",
            high="Same quality",
        ),
        AttributeText(
            key="interference",
            name="Interference",
            question="How strong is the interference from other instruments, compared with the reference?",
            definition=(
                "How much of the other instruments in the song can be heard besides the voice. Distortions of the "
                "voice and artificial sounds that come from no instrument do not count here."
            ),
            low="Strong interference",
            high="No interference",
        ),
    ),
    instructions=(
        HEAR_AND_COMPARE
        + HIDDEN_REFERENCE
        + "A version that you cannot tell from the reference belongs at the top end of the "
        "scale; the worst version of a page may lie at the bottom, but need not. The pages ask about one attribute "
        "first and then about the other: please keep the two apart. " + JUDGE_BY_EAR
    ),
    anchors=("quality-anchor", "interference-anchor"),
    rules=Rules(),
)

_PEASS_ATTRIBUTES = (
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
        definition="Whether the voice sounds as in the reference: nothing missing, dull or distorted. What is heard "
        "besides the voice does not count here.",
        low="Badly preserved",
        high="Perfectly preserved",
    ),
    AttributeText(
        key="other-sources",
        name="Suppression of other instruments",
        question="How well are the other instruments suppressed?",
        definition="How little of the other instruments of the song can be heard besides the voice.",
        low="Not suppressed",
        high="Fully suppressed",
    ),
    AttributeText(
        key="artificial-noise",
        name="Absence of artificial noise",
        question="How free is the version from additional artificial noise?",
        definition="How little there is of sounds that come neither from the voice nor from any instrument, such "
        "as gargling, warbling or musical noise.",
        low="Strong noise",
        high="No noise",
    ),
)

_FOUR_OR_FIVE = (
    HEAR_AND_COMPARE + "The mixture from which the voice was taken is offered too, so that you know the other "
    "instruments. " + HIDDEN_REFERENCE + "It must be rated 100. Each page asks one of {} questions: please answer only "
    "that one. " + JUDGE_BY_EAR
)

_PEASS = Preset(
    key="peass-4",
    title="Source separation: the four PEASS questions (Emiya et al., 2011)",
    attributes=_PEASS_ATTRIBUTES,
    instructions=_FOUR_OR_FIVE.format("four"),
    anchors=("distorted-target", "musical-noise", "interference-anchor"),
    rules=Rules(one_full=True, start=0.0, show_number=True, open_mixture=True),
)

_CAQE = Preset(
    key="caqe-5",
    title="Source separation: the five CAQE questions (Cartwright et al., 2016)",
    attributes=(
        *_PEASS_ATTRIBUTES,
        AttributeText(
            key="target-distortion",
            name="Lack of distortion",
            question="How free of distortion is the voice?",
            definition="How little the voice itself is changed: no roughness, no holes, no muffled or metallic colour. "
            "Other instruments and artificial noise besides the voice do not count here.",
            low="Strongly distorted",
            high="Not distorted",
        ),
    ),
    instructions=_FOUR_OR_FIVE.format("five"),
    anchors=("distorted-target", "musical-noise", "interference-anchor"),
    rules=_PEASS.rules,
)

SEPARATION = (_WARD, _PEASS, _CAQE)
