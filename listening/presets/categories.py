"""One stimulus a page, graded on a list of five (ITU-T P.808, after P.800). Pure.

The grades 1 … 5 are stored as 0, 25, 50, 75, 100, so that a mean opinion score is 1 + mean / 25.
"""

from django.utils.translation import gettext_noop as _

from listening.presets.method import JUDGE_BY_EAR, AttributeText, Form, Preset, Rules

DEGRADATION = (
    _("Very annoying"),
    _("Annoying"),
    _("Slightly annoying"),
    _("Audible, but not annoying"),
    _("Inaudible"),
)
"""The degradation category scale, 1 to 5 (P.800, annex D)."""

QUALITY = (_("Bad"), _("Poor"), _("Fair"), _("Good"), _("Excellent"))
"""The absolute category scale, 1 to 5."""

_DCR = Preset(
    key="dcr",
    title="DCR: degradation category rating (ITU-T P.808)",
    attributes=(
        AttributeText(
            key="degradation",
            name="Degradation",
            question="How do you rate the degradation of the version compared with the reference?",
            definition="Degradation is every change for the worse that you hear in the version and not in the "
            "reference.",
            low=DEGRADATION[0],
            high=DEGRADATION[-1],
        ),
    ),
    instructions=(
        "On each page you hear a reference and one version of the same excerpt. Listen to both to the end, as often "
        "as you like, and then choose the words that fit the version best. Some versions are the reference itself. "
        + JUDGE_BY_EAR
    ),
    anchors=("lowpass-3500",),
    rules=Rules(form=Form.CATEGORY, only_sounding=False, to_end=True, choices=DEGRADATION),
    attention=1,
)

_ACR = Preset(
    key="acr",
    title="ACR: absolute category rating (ITU-T P.808)",
    attributes=(
        AttributeText(
            key="overall-quality",
            name="Overall quality",
            question="How good is the overall quality of what you hear?",
            definition="One overall judgement of the sound, without comparing it with anything: everything that you "
            "find disturbing, missing or artificial in it.",
            low=QUALITY[0],
            high=QUALITY[-1],
        ),
    ),
    instructions=(
        "On each page you hear one sound. Listen to it to the end, as often as you like, and then choose the word "
        "that fits "
        "its quality best. " + JUDGE_BY_EAR
    ),
    anchors=("lowpass-3500",),
    rules=Rules(form=Form.CATEGORY, only_sounding=False, to_end=True, choices=QUALITY, open_reference=False),
    attention=1,
)

CATEGORIES = (_DCR, _ACR)
