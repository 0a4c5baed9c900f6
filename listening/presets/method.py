"""What a test method consists of: its attributes, the form of its trials, and the rules of a page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from lossmodel.errors import BadInput

BS1534_INTERVALS = (_("Bad"), _("Poor"), _("Fair"), _("Good"), _("Excellent"))
"""Labels of the five equal intervals of the continuous quality scale, lowest first (ITU-R BS.1534-3, p. 9)."""

HEAR_AND_COMPARE = (
    "On each page you hear a reference and several unlabelled versions of the same excerpt. Switch between them as "
    "often as you like, and compare each with the reference before you rate it with its slider. "
)
HIDDEN_REFERENCE = "One of the versions is the reference itself, hidden among the others. "
JUDGE_BY_EAR = "There is no right or wrong answer and no hurry: judge by ear alone."


SCORE_TOLERANCE = 0.01
"""Points by which thirds of 100 may miss their sum."""
HEARD_TOLERANCE_SECONDS = 0.05
"""By which what a browser played may miss what is asked for: it counts in blocks of samples, and fades."""


class Form(StrEnum):
    """What a trial shows: all stimuli of an item with a slider each, one with a list of grades, or two to compare."""

    SCALE = "scale"
    CATEGORY = "category"
    PAIR = "pair"


class Start(StrEnum):
    """Where sliders stand at first, where that is no fixed place."""

    RANDOM = "random"
    NONE = "none"


class Meeting(StrEnum):
    """Who meets whom in a pair."""

    SYSTEMS = "systems"
    """Every two systems."""
    REFERENCE = "reference"
    """The hidden reference and each other stimulus (P.808 CCR)."""


@dataclass(frozen=True)
class AttributeText:
    """What is judged: `question` heads the trial, `low` and `high` name the ends of the scale (0 and 100)."""

    key: str
    name: str
    question: str
    definition: str
    low: str
    high: str

    def spoken(self) -> "AttributeText":
        """Return it in the language that is active."""
        words = {name: gettext(text) for name, text in vars(self).items() if name != "key"}
        return replace(self, **words)


@dataclass(frozen=True)
class Rules:
    """How a trial behaves and what it asks for before it may be left."""

    form: Form = Form.SCALE
    only_sounding: bool = True
    """Only the slider of the stimulus now heard moves (BS.1534-3 §5.4)."""
    all_heard: bool = True
    heard_seconds: float = 1.0
    """How long a stimulus must have played before it counts as heard; to its end, where it is shorter."""
    to_end: bool = False
    """Heard means heard up to the last sample, and in a list of grades the reference is to be heard too."""
    all_moved: bool = True
    one_full: bool = False
    """At least one stimulus must be rated 100: the hidden reference is among them (BS.1534-3, p. 23)."""
    start: float | Start = Start.RANDOM
    """Where sliders stand at first: 0–100, each at a place drawn for its slot, or nowhere until they are placed."""
    show_number: bool = False
    intervals: tuple[str, ...] = ()
    """Labels of equal intervals of the scale, lowest first; none: only its ends are labelled."""
    open_reference: bool = True
    """The references are offered by name."""
    open_mixture: bool = False
    """The mixture is offered as a further open reference."""
    choices: tuple[str, ...] = ()
    """The grades of a category or pair trial, from 0 to 100 in equal steps; in a pair they rate the second stimulus."""
    ties: bool = True
    """The middle choice of a pair, “no preference”, is offered."""
    meeting: Meeting = Meeting.SYSTEMS

    @property
    def options(self) -> tuple[tuple[str, float], ...]:
        """Return the choices that are offered, lowest first, each with its score.

        >>> Rules(form=Form.PAIR, choices=("A", "no preference", "B"), ties=False).options
        (('A', 0.0), ('B', 100.0))
        """
        last = max(1, len(self.choices) - 1)
        scored = tuple((label, round(100 * place / last, 3)) for place, label in enumerate(self.choices))
        dropped = 50.0 if self.form == Form.PAIR and not self.ties else None
        return tuple(each for each in scored if each[1] != dropped)

    @property
    def against_reference(self) -> bool:
        """Tell whether the hidden reference has a known place at the top: scales with a reference beside them."""
        return self.form == Form.SCALE and self.open_reference

    def heard(self, seconds: float, *, whole: bool, length: float) -> bool:
        """Tell whether a sound of `length` seconds counts as heard that played for `seconds`, or once to its end.

        >>> [Rules().heard(seconds, whole=False, length=8.0) for seconds in (0.5, 1.0)]
        [False, True]
        """
        asked = min(self.heard_seconds, length) - HEARD_TOLERANCE_SECONDS
        return whole or (seconds >= asked and not self.to_end)

    def offers(self, score: float) -> bool:
        """Tell whether `score` may be given: any 0–100 on a scale, else those of the options."""
        return abs(self.nearest(score) - score) < SCORE_TOLERANCE

    def fit(self, scores: list[float]) -> bool:
        """Tell whether `scores` go together on one page: those of a pair make 100."""
        return self.form != Form.PAIR or abs(sum(scores) - 100) < SCORE_TOLERANCE

    def given(self, scores: list[float]) -> list[float]:
        """Return what one who would give `scores` on a scale gives on this page: as near as its options allow.

        A pair is judged by its difference: the second is twice as much above the middle, the first as much below.
        """
        if self.form != Form.PAIR:
            return [self.nearest(score) for score in scores]
        first, second = scores
        better = self.nearest(50 + 2 * (second - first))
        return [100 - better, better]

    def nearest(self, score: float) -> float:
        """Return the score that may be given nearest to `score`: any 0–100 on a scale, else that of an option."""
        return min((each for _label, each in self.options), key=lambda each: abs(each - score), default=score)


SWITCHES = (
    "only_sounding",
    "all_heard",
    "to_end",
    "all_moved",
    "one_full",
    "start",
    "show_number",
    "open_mixture",
    "ties",
)
"""The rules that a study may change; the others make the method what it is."""


@dataclass(frozen=True)
class Preset:
    """A test method. `anchors` name recipes of `listening.anchors`.

    `replicates` and `attention` are how many trials of each attribute a new study repeats, and how many with a known
    right answer it adds.
    """

    key: str
    title: str
    attributes: tuple[AttributeText, ...]
    instructions: str
    anchors: tuple[str, ...]
    rules: Rules
    replicates: int = 1
    attention: int = 0

    @property
    def texts(self) -> tuple[str, ...]:
        """Return everything in it that is said to people: what `listening/locale` has in other languages."""
        asked = (text for each in self.attributes for name, text in vars(each).items() if name != "key")
        return (self.title, self.instructions, *asked, *self.rules.intervals, *self.rules.choices)

    def spoken(self) -> "Preset":
        """Return it with its title, instructions and attributes in the language that is active."""
        attributes = tuple(each.spoken() for each in self.attributes)
        return replace(self, title=gettext(self.title), instructions=gettext(self.instructions), attributes=attributes)


def changed(rules: Rules, changes: Mapping[str, Any]) -> Rules:
    """Return `rules` with what a study changes of them; `BadInput` for what may not be changed, or not to that."""
    known = {field.name: getattr(rules, field.name) for field in fields(rules)}
    for name, value in changes.items():
        if name not in SWITCHES:
            raise BadInput(f"rule {name!r}: cannot be changed; {', '.join(SWITCHES)} can")
        if not (_is_start(value) if name == "start" else isinstance(value, bool)):
            raise BadInput(
                f"rule {name}: {value!r}: give {'0 to 100, random or none' if name == 'start' else 'yes or no'}"
            )
    return replace(rules, **{**known, **changes})


def _is_start(value: Any) -> bool:
    """Tell whether a slider can stand there at first."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100
    return number or value in set(Start)
