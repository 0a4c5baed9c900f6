"""Every page is whole on a small screen, on its side, and at 400 % zoom, in every language."""

import pytest
from django.conf import settings
from django.utils import timezone

from listening import presets
from listening.models import Assessor, Rating, Reference, Session, Trial
from tests import builders
from tests.browser import pages
from tests.browser.axe import violations
from tests.browser.conftest import READY
from tests.browser.measuring import COMPLAINTS, STUCK_HEIGHT, UNSEEN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCREENS = {
    "phone": (320, 640),
    "phone on its side": (740, 360),
    "desktop at 200 %": (640, 400),
    "desktop at 400 %": (320, 256),
}
AT_ONCE = ("phone on its side", "desktop at 200 %")
LARGEST_STUCK_SHARE = 0.5
RATED = ".open-sound, .pick, .fader, .card, choice-list label"
CODES = [code for code, _name in settings.LANGUAGES]
AROUND = [name for name in pages.PAGES if not name.startswith("trial-")]


def resize(page, screen: str) -> None:
    width, height = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})


def visit(page, address: str, code: str) -> None:
    """Open a page in a language: a study without one of its own follows the browser."""
    resize(page, "phone")
    page.set_extra_http_headers({"Accept-Language": code})
    page.goto(address)


def incomplete(page, code: str) -> list[str]:
    """Return what is not whole on the page as it stands, on any small screen."""
    said = []
    for screen in SCREENS:
        resize(page, screen)
        said += [f"{code}, {screen}: {line}" for line in page.evaluate(COMPLAINTS)]
    return said


@pytest.mark.parametrize("name", AROUND)
def test_a_page_around_the_trials_is_whole_on_every_small_screen(live_server, page, tmp_path, name):
    address, said = live_server.url + pages.address(name, tmp_path), []
    for code in CODES:
        visit(page, address, code)
        if name == "missing":
            page.locator("form.questions button.primary").click()
        said += incomplete(page, code)
    assert not said, "\n".join(said)


def sitting(folder, preset: str) -> Session:
    """Return a session before its first trial: eight versions where a page shows all, and two open references."""
    made = pages.study(folder, preset, systems=6)
    for number, item in enumerate(made.items.all()):
        backing = builders.stored(builders.tone(330.0), f"backing{number}", folder)
        Reference.objects.create(item=item, name="lead and backing", position=1, audio=backing)
    session = Session.objects.begin(made, Assessor.objects.create())
    pages.bring(session, "trial")
    return session


def come_to(session: Session, attribute: str) -> Trial:
    """Bring the session to a trial of an attribute, half of whose versions are rated."""
    session.trials.update(finished_at=timezone.now())
    trial = session.trials.filter(attribute__key=attribute).first()
    Trial.objects.filter(pk=trial.pk).update(finished_at=None)
    for slot in trial.slots.all()[::2]:
        Rating.objects.create(slot=slot, score=100)
    return trial


def asked(preset: str) -> list[str]:
    """Return the attributes of a preset, less those that an earlier one asks about on the same page."""
    own, known = presets.preset(preset), list(presets.PRESETS).index(preset)
    earlier = [each for each in list(presets.PRESETS.values())[:known] if each.rules == own.rules]
    return [text.key for text in own.attributes if not any(text in each.attributes for each in earlier)]


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_a_trial_is_whole_on_every_small_screen(live_server, page, tmp_path, preset):
    session, said = sitting(tmp_path, preset), []
    for attribute in asked(preset):
        come_to(session, attribute)
        for code in CODES:
            visit(page, live_server.url + session.get_absolute_url(), code)
            page.wait_for_selector(READY)
            resize(page, "desktop at 400 %")
            page.locator(".pick, .card").last.click()
            said += incomplete(page, code)
            said += unseen(page, code)
    said += hard_to_touch(page)
    assert not said, "\n".join(said)


def hard_to_touch(page) -> list[str]:
    """Return the targets that axe finds too small, or too near to others, on a phone."""
    resize(page, "phone")
    page.evaluate("scrollTo(0, 0)")
    rule = {"type": "rule", "values": ["target-size"]}
    found = violations(page, options={"runOnly": rule})
    return [f"too small: {node['html']}" for each in found for node in each["nodes"]]


def unseen(page, code: str) -> list[str]:
    """Return what of hearing and rating is out of sight, where it is to be seen at once, and what covers too much."""
    said = []
    for screen in SCREENS:
        resize(page, screen)
        page.evaluate("scrollTo(0, 0)")
        if screen in AT_ONCE:
            said += [f"{code}, {screen}: out of sight: {line}" for line in page.evaluate(UNSEEN, RATED)]
            page.locator(".rating-area").evaluate("desk => desk.scrollIntoView()")
            said += [f"{code}, {screen}: does not fit: {line}" for line in page.evaluate(UNSEEN, ".rating-area")]
        if (share := page.evaluate(STUCK_HEIGHT)) > LARGEST_STUCK_SHARE:
            said.append(f"{code}, {screen}: {share:.0%} of the window stays covered")
    return said
