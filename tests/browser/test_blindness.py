"""Nothing that reaches the browser tells a condition: page, accessibility tree, addresses, headers, bodies, sizes."""

import pytest
from playwright.sync_api import expect

from listening.models import Condition, Stimulus
from tests.browser.conftest import READY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def secrets() -> set[str]:
    """Return what must not be seen: names of conditions and files, and their digests."""
    names = set(Condition.objects.values_list("name", flat=True))
    for sound in Stimulus.objects.select_related("audio"):
        names |= {sound.audio.delivered_as, sound.audio.file.name.split("/")[-1], sound.audio.sha256}
    return names


def test_a_walk_through_a_trial_finds_no_condition_anywhere(page, live_server, study):
    for number, condition in enumerate(study.conditions.all()):
        Condition.objects.filter(pk=condition.pk).update(name=f"zq{number}-{condition.role}x")
    seen, lengths = [], set()

    def note(response):
        headers = response.all_headers()
        seen.append(f"{response.url} {headers}")
        if "/audio/" in response.url:
            lengths.add(headers["content-length"])
        elif response.status == 200:
            seen.append(response.text())

    page.on("requestfinished", lambda request: note(request.response()))
    page.on("console", lambda message: seen.append(message.text))
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="I am ready").click()
    page.wait_for_selector(READY)
    for number in range(1, 5):
        page.keyboard.press(str(number))
        page.keyboard.press("ArrowUp")
    expect(page.locator("saved-note")).to_have_text("Saved")
    seen += [page.content(), page.locator("body").aria_snapshot()]
    walked = "\n".join(seen).lower()
    assert "/audio/" in walked
    assert not [secret for secret in secrets() if secret.lower() in walked]
    assert len(lengths) == 1


def test_the_order_of_the_stimuli_differs_between_sittings(study):
    from listening.models import Assessor, Session

    orders = set()
    for _ in range(6):
        trial = Session.objects.begin(study, Assessor.objects.create()).trials.first()
        orders.add(tuple(trial.slots.values_list("stimulus", flat=True)))
    assert len(orders) > 1
