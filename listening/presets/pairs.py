"""Two stimuli a page: which of them is better? Pure.

The choices rate the second stimulus of the page from 0 to 100 in equal steps, and the first gets what is left of 100:
preferred 100, rejected 0, no preference 50 each. A system's mean is therefore the percentage of its pairs that it won.
"""

from django.utils.translation import gettext_noop as _

from listening.presets.method import JUDGE_BY_EAR, AttributeText, Form, Meeting, Preset, Rules

PREFERENCE = (_("1 is better"), _("No preference"), _("2 is better"))

LIKENESS = (_("1 is closer"), _("No difference"), _("2 is closer"))

COMPARISON = (
    _("Much worse"),
    _("Worse"),
    _("Slightly worse"),
    _("About the same"),
    _("Slightly better"),
    _("Better"),
    _("Much better"),
)
"""The comparison category scale of P.808, -3 to 3: the second compared with the first."""

_CHOOSE = "Listen to both to the end, as often as you like, and then choose. "

_AB = Preset(
    key="ab",
    title="Paired preference (A/B)",
    attributes=(
        AttributeText(
            key="preference",
            name="Preference",
            question="Which of the two do you prefer?",
            definition="One overall judgement: which of the two would you rather listen to?",
            low="Never preferred",
            high="Always preferred",
        ),
    ),
    instructions="On each page you hear two versions of the same excerpt. " + _CHOOSE + JUDGE_BY_EAR,
    anchors=("lowpass-3500",),
    rules=Rules(form=Form.PAIR, only_sounding=False, to_end=True, choices=PREFERENCE, open_reference=False),
    attention=1,
)

_AB_REFERENCE = Preset(
    key="ab-reference",
    title="Paired preference with a reference (A/B)",
    attributes=(
        AttributeText(
            key="likeness",
            name="Likeness",
            question="Which of the two is closer to the reference?",
            definition="One overall judgement of every difference from the reference.",
            low="Never closer",
            high="Always closer",
        ),
    ),
    instructions=(
        "On each page you hear a reference and two versions of the same excerpt. Compare both with the reference. "
        + _CHOOSE
        + JUDGE_BY_EAR
    ),
    anchors=("lowpass-3500",),
    rules=Rules(form=Form.PAIR, only_sounding=False, to_end=True, choices=LIKENESS),
    attention=1,
)

_CCR = Preset(
    key="ccr",
    title="CCR: comparison category rating (ITU-T P.808)",
    attributes=(
        AttributeText(
            key="comparison",
            name="Comparison",
            question="How is the quality of the second version compared with that of the first?",
            definition="One overall judgement of the quality of the second version, compared with that of the first. "
            "Either may be the better one.",
            low="Much worse",
            high="Much better",
        ),
    ),
    instructions="On each page you hear two versions of the same excerpt, one after the other. "
    + _CHOOSE
    + JUDGE_BY_EAR,
    anchors=("lowpass-3500",),
    rules=Rules(
        form=Form.PAIR,
        only_sounding=False,
        to_end=True,
        choices=COMPARISON,
        open_reference=False,
        meeting=Meeting.REFERENCE,
    ),
    attention=1,
)

PAIRS = (_AB, _AB_REFERENCE, _CCR)
