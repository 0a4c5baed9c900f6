"""Every page that an assessor may come to, each reached by rows alone; and how a trial's sounds are heard and rated."""

import re
from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import expect

from listening import presets
from listening.models import Assessor, Attribute, Question, Session, Stage, Study
from tests import builders

SEED = 4
"""A seed whose first sitting meets the attributes in their own order."""

FORMS = {
    "ward-2": "scale",
    "mushra": "intervals",
    "mushra-nmr": "unplaced",
    "dcr": "grades",
    "ab": "pair",
    "ccr": "comparison",
}
"""Presets that show each form of trial, with the name of the page."""

WHO = {
    "responsible": "Dr. Ada Rose", "institution": "Institute of Sound, University of Northfield",
    "contact": "listening@northfield.example, +44 1632 960 123", "ethics": "24-017, Ethics Committee",
}  # fmt: skip
"""Who answers for the study."""

STAGES = [stage for stage in Stage if stage != Stage.TRIAL]
TRIALS = [f"trial-{name}" for name in FORMS.values()]
HEARD = re.compile("rate|done")
"""The states of a stimulus that has been heard."""

PASSING = """([place, attribute]) => {
  const element = document.querySelector(place), seen = [];
  const look = () => seen.push(attribute ? element.getAttribute(attribute) : element.textContent);
  new MutationObserver(look).observe(element, {attributes: true, childList: true, characterData: true, subtree: true});
  look();
  return seen;
}"""
HELD = """
AudioContext = class extends AudioContext {
  constructor(...its) {
    super(...its);
    globalThis.held = this;
    this.suspend();
  }
  resume() {
    return Promise.resolve();
  }
};
globalThis.release = () => AudioContext.prototype.__proto__.resume.call(held);
"""
"""A script that keeps a page's sound from going on until `release()`, however long that takes."""

OTHERS = ["home", "welcome", "unavailable", "resume", "missing", "not-found"]
PAGES = [*STAGES, *TRIALS, *OTHERS]


def hear(page, number: int) -> None:
    """Play stimulus `number` by its key until the page takes it as heard, as the study's rules ask."""
    page.keyboard.press(str(number))
    place = page.locator("stimulus-column, stimulus-card").nth(number - 1)
    expect(place).to_have_attribute("data-state", HEARD)


def passing(page, place: str, attribute: str = "") -> Callable[[], list[str | None]]:
    """Return a function that tells each value which an attribute (or the text) of a place has had from here on.

    For what passes by: a page that is looked at now and then, by a machine that is busy, may not be seen in that state.
    """
    return page.evaluate_handle(PASSING, [place, attribute]).json_value


def rate(page, number: int, *keys: str) -> None:
    """Hear stimulus `number`, then press `keys` on its slider."""
    hear(page, number)
    for key in keys:
        page.keyboard.press(key)


def study(folder, preset: str = "ward-2", **fields) -> Study:
    """Return an open study with the words of `preset` and every step that a study may ask for."""
    method = presets.preset(preset).spoken()
    made = builders.study(
        folder, items=2, attributes=(), replicates=0, preset=preset, title="Voices", instructions=method.instructions,
        volume_step=True, headphones="both", familiarisation=True, seed=SEED, comprehension=True, **{**WHO, **fields},
    )  # fmt: skip
    for position, text in enumerate(method.attributes):
        Attribute.objects.create(study=made, position=position, **vars(text))
    made.items.filter(name="item1").update(training=True)
    ask(made)
    made.open()
    return made


def ask(made: Study) -> None:
    """Put a question of each kind."""
    kinds = Question.Kind
    for position, (kind, text, choices) in enumerate([
        (kinds.CHOICE, "How often do you listen to music over headphones?", "Every day\nEvery week\nLess often"),
        (kinds.SCALE, "How well do you know the songs of these excerpts?", "Not at all\nVery well"),
        (kinds.NUMBER, "How old are you?", ""),
        (kinds.TEXT, "Is there anything about your hearing that we should know?", ""),
    ]):  # fmt: skip
        required = kind != kinds.TEXT
        Question.objects.create(
            study=made, key=kind, kind=kind, text=text, choices=choices, required=required, position=position
        )


def address(page: str, folder, **fields) -> str:
    """Return where a new session shows `page` (one of PAGES)."""
    preset = next((key for key, name in FORMS.items() if page == f"trial-{name}"), "ward-2")
    made = study(folder, preset, **fields)
    session = Session.objects.begin(made, Assessor.objects.create())
    return elsewhere(page, made, session) or bring(session, "trial" if page.startswith("trial-") else page)


def elsewhere(page: str, made: Study, session: Session) -> str | None:
    """Return the address of a page that is no stage of a session, else None."""
    if page == "unavailable":
        made.close()
    door = made.get_absolute_url()
    places = {"home": "/", "welcome": door, "unavailable": door, "resume": f"{door}resume", "not-found": "/nowhere"}
    return places.get(page)


def bring(session: Session, page: str) -> str:
    """Take a session to a stage, or to a stage with something said; return its address."""
    now, stages = timezone.now(), [stage.value for stage in Stage]
    reached = stages.index("questions" if page == "missing" else page)
    if page == "declined":
        session.decline()
        return session.get_absolute_url()
    for stage, change in {
        "consent": {"consented_at": now}, "volume": {"volume_at": now}, "instructions": {"instructed_at": now},
        "examples": {"familiarised_at": now}, "screened": {"screened_at": now},
    }.items():  # fmt: skip
        if stages.index(stage) < reached or stage == page == "screened":
            Session.objects.filter(pk=session.pk).update(**change)
    if reached > stages.index("questions"):
        session.study.questions.all().delete()
    if reached > stages.index("headphones"):
        for kind in session.study.checks:
            session.checks.create(
                kind=kind, answered=6, correct=0, passed=False, told_at=None if page == "no_headphones" else now
            )
    if reached > stages.index("trial"):
        session.trials.update(finished_at=now)
    fill(session, page)
    return session.get_absolute_url()


def fill(session: Session, page: str) -> None:
    """Give a session the rows that a stage stands on besides those before it."""
    if page == "definition":
        mistaken = session.study.attributes.get(key="interference")
        session.comprehensions.create(attribute=mistaken, score=83, understood=False)
    if page == "break":
        Session.objects.filter(pk=session.pk).update(paused_at=timezone.now())
    if page == "done":
        Session.objects.filter(pk=session.pk).update(finished_at=timezone.now())
        Study.objects.filter(pk=session.study_id).update(
            completion_code="VOICES-4711", return_url="https://example.org/"
        )
