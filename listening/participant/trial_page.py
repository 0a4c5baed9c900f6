"""What one trial page shows, and nothing that could tell a condition."""

import time
from dataclasses import asdict, dataclass

import numpy as np
from django.db.models import Count, Max, Q
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from listening.models import Attribute, Event, Rating, Slot, Trial
from listening.participant.hearing import unheard
from listening.participant.modules import TRIAL_MODULE, early
from listening.participant.sounds import Sound, addresses, addresses_ahead, open_sounds
from listening.presets import Form, Rules, Start

MIDDLE_SCORE = 50.0
MAX_CHOICES_SIDE_BY_SIDE = 3
"""Answers that stand side by side, from the first stimulus to the second; more stand in a list, the best on top."""


@dataclass(frozen=True)
class StimulusView:
    """One stimulus as the page shows it: its number from 1, where its slider stands, and whether it has been rated.

    `slot` is the key of its row, which the page does not show.
    """

    slot: int
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
class TrialPage:
    """One trial page: the `number`th of `total`, trainings and trials that count being numbered apart, from 1.

    `peak` is the largest sample of all its sounds (0 to 1), beyond which nothing is played.
    """

    trial: Trial
    attribute: Attribute
    number: int
    total: int
    rate: int
    peak: float
    open_sounds: list[Sound]
    stimuli: list[StimulusView]
    rules: Rules
    order: int

    @property
    def early_modules(self) -> list[str]:
        """Return what brings the sounds and is wanted before all else, as names of static files."""
        return early()

    @property
    def rating_template(self) -> str:
        """Return the template of what is rated."""
        return f"participant/rating/{'scale' if self.rules.form == Form.SCALE else 'choice'}.html"

    @property
    def words(self) -> list[list[dict[str, str | float]]]:
        """Return the lines of words that the item shows, the same for every stimulus; none unless it shows them."""
        item = self.trial.item
        return item.words if item.show_words else []

    @property
    def choices(self) -> list[Choice]:
        """Return the answers to choose from: a few from the first stimulus to the second, others the best first."""
        options, last = self.rules.options, self.stimuli[-1]
        chosen = last.score if all(view.rated for view in self.stimuli) else None
        made = [Choice(_(label), score, score == chosen) for label, score in options]
        return made if self.rules.form == Form.PAIR and len(made) <= MAX_CHOICES_SIDE_BY_SIDE else made[::-1]

    @property
    def settings(self) -> dict[str, object]:
        """Return what the page's modules need to know."""
        now = round(time.time() * 1000)
        own = {"rate": self.rate, "order": self.order, "now": now, "rules": asdict(self.rules), "messages": messages()}
        return own | {
            "trial": self.trial.position,
            "peak": self.peak,
            "heard": _heard(self.trial, self.open_sounds, self.stimuli),
            "worklet": static("participant/mixer.worklet.js"),
            "loader": static("participant/sound.js"),
            "page": static(TRIAL_MODULE),
            "sounds": addresses(self.trial),
            "ahead": addresses_ahead(self.trial),
        }


def trial_page(trial: Trial) -> TrialPage:
    """Return the page of `trial`."""
    rules, opened = trial.session.study.rules, open_sounds(trial)
    alike = trial.session.trials.order_by().filter(item__training=trial.item.training)
    so_far = Count("pk", filter=Q(position__lte=trial.position))
    views = _stimulus_views(trial, rules)
    sounds = [sound.audio for sound in [*opened, *(view.sound for view in views)]]
    return TrialPage(
        trial=trial,
        attribute=trial.attribute,
        **alike.aggregate(number=so_far, total=Count("pk")),
        rate=sounds[0].rate,
        peak=max(sound.peak for sound in sounds),
        open_sounds=opened,
        stimuli=views,
        rules=rules,
        order=_newest_order(trial),
    )


def shortfall(trial: Trial) -> str:
    """Return what is still missing before `trial` may be left, in words for the assessor; "" if nothing is."""
    lines = [unheard(trial, trial.session.study.rules), _unrated(trial)]
    return " ".join(line for line in lines if line)


def _unrated(trial: Trial) -> str:
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


def initial_score(slot: Slot, rules: Rules) -> float:
    """Return where the slider of `slot` stands at first, 0–100: the rules' place, or one drawn for this slot.

    A slider that stands nowhere until it is placed has the middle as the place from which keys move it.
    """
    if rules.start == Start.NONE:
        return MIDDLE_SCORE
    if rules.start != Start.RANDOM:
        return float(rules.start)
    trial, session = slot.trial, slot.trial.session
    rng = np.random.default_rng([session.seed, session.number, trial.position, slot.position])
    return float(rng.integers(101))


def messages() -> dict[str, str]:
    """Return the words that the page's modules say."""
    return {
        "loading": _("Loading sounds: {done} of {total}"),
        "failed": _("A sound could not be loaded. Your ratings are safe; check your connection and try again."),
        "mismatch": _(
            "The sounds of this page do not match each other. Please tell the researcher; your ratings are safe."
        ),
        "unproved": _(
            "A sound did not arrive exactly as it was prepared, so it is not played. Your ratings are safe; please try "
            "again, or tell the researcher."
        ),
        "silent": _("This browser cannot play the sounds exactly. Please open your link in a recent browser."),
        "hear": _("listen"),
        "rate": _("rate"),
        "done": _("rated"),
        "toHear": _("Still to hear: {list}."),
        "toHearOut": _("Still to be heard to the end: {list}."),
        "toRate": _("Still to rate: {list}."),
        "toChoose": _("Please choose an answer."),
        "heard": _("heard"),
        "version": _("the version"),
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
        "held": _("Your ratings are waiting for the connection. The test goes on by itself as soon as they are saved."),
        "value": _("{score} of 100"),
        "notRated": _("not rated yet"),
        "play": _("Play"),
        "pause": _("Pause"),
        "time": _("{at} of {of} seconds"),
    }


def _stimulus_views(trial: Trial, rules: Rules) -> list[StimulusView]:
    slots = list(trial.slots.select_related("rating", "stimulus__audio").order_by("position"))
    ratings: list[Rating | None] = [getattr(slot, "rating", None) for slot in slots]
    return [
        StimulusView(
            slot.pk,
            slot.position + 1,
            Sound(slot.token, slot.stimulus.audio),
            rating.score if rating else initial_score(slot, rules),
            rating is not None,
        )
        for slot, rating in zip(slots, ratings, strict=True)
    ]


def _heard(trial: Trial, opened: list[Sound], views: list[StimulusView]) -> dict[str, dict[str, float | bool]]:
    """Return, by token, how much of each sound was heard before the page was loaded again: `seconds`, and `whole`."""
    tokens = {view.slot: view.sound.token for view in views}
    heard = Event.objects.heard(trial)
    return {tokens[slot] if slot else opened[place or 0].token: how._asdict() for (slot, place), how in heard.items()}


def _newest_order(trial: Trial) -> int:
    """Return the newest answer's order in this session, beyond which every device goes on."""
    newest = Rating.objects.filter(slot__trial__session=trial.session).aggregate(newest=Max("order"))["newest"]
    return int(newest or 0)
