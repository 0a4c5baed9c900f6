"""Nothing that reaches the browser tells a condition: page, accessibility tree, addresses, headers, bodies, sizes."""

import re

import pytest
from playwright.sync_api import expect

from listening.models import Condition, Stimulus
from tests.browser.conftest import READY
from tests.browser.pages import rate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def secrets() -> set[str]:
    """Return what must not be seen: names of conditions and files, and their digests."""
    names = set(Condition.objects.values_list("name", flat=True))
    for sound in Stimulus.objects.select_related("audio"):
        names |= {sound.audio.delivered_as, sound.audio.file.name.split("/")[-1], sound.audio.sha256}
    return names


class Walk:
    """What reaches a page's browser: `seen`, all that is text, and `bodies`, the sounds by their addresses."""

    def __init__(self, page) -> None:
        self.page, self.seen, self.bodies = page, [], {}
        self.finished = []
        page.route(re.compile(r"/audio/|/answers$|/events$"), self.pass_on)
        page.on("requestfinished", lambda request: self.finished.append(request))  # noqa: PLW0108 Playwright marks it
        page.on("console", lambda message: self.seen.append(message.text))

    def pass_on(self, route) -> None:
        """Note a sound, or a reply, on its way: a browser keeps none for whoever asks later."""
        response = route.fetch()
        self.seen.append(f"{response.url} {response.headers_array}")
        if "/audio/" in response.url:
            self.bodies[response.url] = response.body()
        else:
            self.seen.append(response.text())
        route.fulfill(response=response)

    def read(self) -> None:
        """Read all pages that have come, as long as they are there; static files know no study."""
        self.page.wait_for_load_state("networkidle")
        while self.finished:
            response = self.finished.pop().response()
            self.seen.append(f"{response.url} {response.all_headers()}")
            if response.status == 200 and response.request.resource_type == "document":
                self.seen.append(response.text())


def test_a_walk_through_a_trial_finds_no_condition_anywhere(page, live_server, study):
    for number, condition in enumerate(study.conditions.all()):
        Condition.objects.filter(pk=condition.pk).update(name=f"zq{number}-{condition.role}x")
    walk = Walk(page)
    page.goto(f"{live_server.url}/s/{study.slug}/")
    walk.read()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="I am ready").wait_for()
    walk.read()
    page.get_by_role("button", name="I am ready").click()
    page.wait_for_selector(READY)
    for number in range(1, 5):
        rate(page, number, "ArrowUp")
    expect(page.locator("saved-note")).to_have_text("Saved")
    walk.read()
    page.unroute_all(behavior="wait")
    bodies = walk.bodies
    walked = "\n".join([*walk.seen, page.content(), page.locator("body").aria_snapshot()]).lower()
    assert "/audio/" in walked
    assert not [secret for secret in secrets() if secret.lower() in walked]
    assert len({len(body) for body in bodies.values()}) == 1
    assert len(set(bodies.values())) == len(bodies) >= 5
    assert not [body for body in bodies.values() if b"fLaC" in body]


def test_the_order_of_the_stimuli_differs_between_sittings(study):
    from listening.models import Assessor, Session

    orders = set()
    for _ in range(6):
        trial = Session.objects.begin(study, Assessor.objects.create()).trials.first()
        orders.add(tuple(trial.slots.values_list("stimulus", flat=True)))
    assert len(orders) > 1
