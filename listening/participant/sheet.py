"""What one trial page shows, and nothing that could tell a condition."""

import time
from dataclasses import asdict, dataclass

import numpy as np
from django.db.models import Max
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from listening.models import Attribute, Event, Rating, Slot, Trial
from listening.participant.modules import PAGE, early
from listening.participant.sounds import Sound, addresses, addresses_ahead, hidden_sounds, open_sounds
from listening.presets import Form, Rules, Start

MIDDLE = 50.0
FEW = 3
"""Answers that stand side by side, from the first stimulus to the second; more stand in a list, the best on top."""


@dataclass(frozen=True)
class Column:
    """One stimulus as the page shows it: its number from 1, where its slider stands, and whether it has been rated."""

    number: int
    sound: Sound
    score: float
    rated: bool


@dataclass(frozen=True)
class Choice:
    """One answer of a list: its words, the score it stands for, and whether it is the one given."""

    label: str
    score: float
    chosen: bool


@dataclass(frozen=True)
class Sheet:
    """One trial page: the `number`th of `total`, trainings and trials that count being numbered apart, from 1."""

    trial: Trial
    attribute: Attribute
    number: int
    total: int
    rate: int
    open_sounds: list[Sound]
    columns: list[Column]
    rules: Rules
    order: int

    @property
    def early_modules(self) -> list[str]:
        """Return what brings the sounds and is wanted before all else, as names of static files."""
        return early()

    @property
    def desk(self) -> str:
        """Return the template of what is rated."""
        return f"participant/desk/{'scale' if self.rules.form == Form.SCALE else 'choice'}.html"

    @property
    def choices(self) -> list[Choice]:
        """Return the answers to choose from: a few from the first stimulus to the second, others the best first."""
        options, last = self.rules.options, self.columns[-1]
        chosen = last.score if all(column.rated for column in self.columns) else None
        made = [Choice(_(label), score, score == chosen) for label, score in options]
        return made if self.rules.form == Form.PAIR and len(made) <= FEW else made[::-1]

    @property
    def settings(self) -> dict[str, object]:
        """Return what the page's modules need to know."""
        now = round(time.time() * 1000)
        own = {"rate": self.rate, "order": self.order, "now": now, "rules": asdict(self.rules), "texts": texts()}
        return own | {
            "trial": self.trial.position,
            "heard": _heard(self.trial),
            "worklet": static("participant/mixer.worklet.js"),
            "loader": static("participant/sound.js"),
            "page": static(PAGE),
            "sounds": addresses(self.trial),
            "ahead": addresses_ahead(self.trial),
        }


def sheet(trial: Trial) -> Sheet:
    """Return the page of `trial`."""
    rules, opened = trial.session.study.rules, open_sounds(trial)
    alike = trial.session.trials.filter(item__training=trial.item.training)
    columns = _columns(trial, rules)
    return Sheet(
        trial=trial,
        attribute=trial.attribute,
        number=alike.filter(position__lte=trial.position).count(),
        total=alike.count(),
        rate=(opened or [column.sound for column in columns])[0].audio.rate,
        open_sounds=opened,
        columns=columns,
        rules=rules,
        order=_newest_order(trial),
    )


def shortfall(trial: Trial) -> str:
    """Return what is still missing before `trial` may be left, in words for the assessor; "" if nothing is."""
    rules, scores = trial.session.study.rules, dict(trial.slots.values_list("position", "rating__score"))
    missing = [str(position + 1) for position, score in sorted(scores.items()) if score is None]
    if rules.form != Form.SCALE and (missing or not rules.fit(list(scores.values()))):
        return _("Please choose an answer.")
    if missing:
        template = ngettext("Number {} has no rating yet.", "Numbers {} have no rating yet.", len(missing))
        return template.format(", ".join(missing))
    if rules.one_full and max(scores.values(), default=100) < 100:
        return _("At least one must be rated 100: the reference itself is hidden among them.")
    return ""


def start(slot: Slot, rules: Rules) -> float:
    """Return where the slider of `slot` stands at first, 0–100: the rules' place, or one drawn for this slot.

    A slider that stands nowhere until it is placed has the middle as the place from which keys move it.
    """
    if rules.start == Start.NONE:
        return MIDDLE
    if rules.start != Start.RANDOM:
        return float(rules.start)
    trial, session = slot.trial, slot.trial.session
    rng = np.random.default_rng([session.seed, session.number, trial.position, slot.position])
    return float(rng.integers(101))


def texts() -> dict[str, str]:
    """Return the words that the page's modules say."""
    return {
        "loading": _("Loading sounds: {done} of {total}"),
        "failed": _("A sound could not be loaded. Your ratings are safe; check your connection and try again."),
        "mismatch": _(
            "The sounds of this page do not fit together. Please tell the researcher; your ratings are safe."
        ),
        "silent": _("This browser cannot play the sounds exactly. Please open your link in a recent browser."),
        "hear": _("listen"),
        "rate": _("rate"),
        "done": _("rated"),
        "toHear": _("Still to hear: {list}."),
        "toHearOut": _("Still to hear to the end: {list}."),
        "toRate": _("Still to rate: {list}."),
        "toChoose": _("Please choose an answer."),
        "heard": _("heard"),
        "reference": _("Reference"),
        "answered": _("Heard and answered."),
        "notPlaced": _("not placed yet"),
        "oneFull": _("At least one must be rated 100: the reference itself is hidden among them."),
        "complete": _("All heard and rated."),
        "saved": _("Saved"),
        "saving": _("Saving …"),
        "waiting": _("Waiting to be saved: {count}. They are kept in this browser."),
        "waitingHere": _("Waiting to be saved: {count}. Please keep this page open."),
        "refused": _("Not saved: {refusal}"),
        "held": _("Your ratings wait for the connection. The page goes on by itself as soon as they are saved."),
        "value": _("{score} of 100"),
        "notRated": _("not rated yet"),
        "play": _("Play"),
        "pause": _("Pause"),
        "time": _("{at} of {of} seconds"),
    }


def _columns(trial: Trial, rules: Rules) -> list[Column]:
    slots = list(trial.slots.select_related("rating", "trial__session"))
    ratings: list[Rating | None] = [getattr(slot, "rating", None) for slot in slots]
    return [
        Column(slot.position + 1, sound, rating.score if rating else start(slot, rules), rating is not None)
        for slot, rating, sound in zip(slots, ratings, hidden_sounds(trial), strict=True)
    ]


def _heard(trial: Trial) -> dict[str, str]:
    """Return the tokens of the sounds that were heard before the page was loaded again: "begun", or "whole"."""
    slots = dict(trial.slots.values_list("pk", "token"))
    places = [sound.token for sound in open_sounds(trial)]
    heard = Event.objects.heard(trial)
    return {slots[slot] if slot else places[place or 0]: how for (slot, place), how in heard.items()}


def _newest_order(trial: Trial) -> int:
    """Return the newest answer's order in this session, beyond which every device goes on."""
    newest = Rating.objects.filter(slot__trial__session=trial.session).aggregate(newest=Max("order"))["newest"]
    return int(newest or 0)
