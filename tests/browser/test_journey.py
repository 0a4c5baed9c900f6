"""One assessor's way from consent to thanks, with everything that happens to people on the way."""

import pytest
from playwright.sync_api import expect

from listening.models import Rating, Session
from tests.browser.conftest import READY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def scores(page) -> list[float]:
    return page.evaluate("[...document.querySelectorAll('stimulus-column input')].map((i) => i.valueAsNumber)")


def stored(trial) -> list[float | None]:
    return list(trial.slots.values_list("rating__score", flat=True))


def trial(position: int = 0):
    return Session.objects.get().trials.get(position=position)


def saved(page) -> None:
    expect(page.locator("saved-note")).to_have_text("Saved")


def drag(page, number: int, share: float) -> None:
    """Drag the slider of `number` to `share` of its height, counted from below."""
    box = page.locator("stimulus-column .fader").nth(number - 1).bounding_box()
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + box["height"] * (1 - share), steps=4)
    page.mouse.up()


def test_an_assessor_goes_from_consent_to_thanks_and_every_rating_is_stored(at_trial):
    page = at_trial
    page.keyboard.press("0")
    expect(page.get_by_role("button", name="Reference")).to_have_attribute("aria-pressed", "true")
    for number, key in enumerate(["End", "Home", "End", "Home"], start=1):
        page.keyboard.press(str(number))
        page.keyboard.press(key)
    page.keyboard.press("2")
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    saved(page)
    assert stored(trial()) == pytest.approx([100, 11.1, 100, 0])

    drag(page, 3, 0.25)  # locked: the touch only plays it
    assert scores(page)[2] == 100
    drag(page, 3, 0.25)
    saved(page)
    assert stored(trial())[2] == pytest.approx(25, abs=2)
    before = scores(page)

    page.reload()
    page.wait_for_selector(READY)
    assert scores(page) == pytest.approx(before)
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".progress span")).to_have_text("Trial 2 of 2")
    page.wait_for_selector(READY)
    assert trial().finished_at
    assert trial().seconds > 0

    for number in range(1, 5):
        page.get_by_role("button", name=f"Play {number}").click()
        drag(page, number, number / 5)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Is there anything").fill("Drums & bass + 100 % wet")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(page.get_by_text("DONE-1")).to_be_visible()
    assert stored(trial(1)) == pytest.approx([20, 40, 60, 80], abs=3)
    assert Session.objects.get().comment == "Drums & bass + 100 % wet"


def test_what_is_missing_is_said_next_to_where_it_is_missing(at_trial):
    page = at_trial
    page.keyboard.press("1")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("2")
    page.get_by_role("button", name="Next").click(force=True)
    expect(page.locator("form.next .message")).to_have_text("Still to hear: 3, 4. Still to rate: 2.")
    expect(page.locator(".todo")).to_have_text(["rated", "rate", "listen", "listen"])
    assert not trial().finished_at


def test_space_pauses_and_goes_on_and_l_lets_it_end(at_trial):
    page = at_trial
    page.keyboard.press("1")
    expect(page.locator("listening-trial")).to_have_attribute("data-playing", "")
    page.keyboard.press(" ")
    expect(page.locator("listening-trial")).not_to_have_attribute("data-playing", "")
    page.keyboard.press("l")
    page.keyboard.press(" ")
    expect(page.locator("listening-trial")).to_have_attribute("data-playing", "")
    expect(page.locator("listening-trial")).not_to_have_attribute("data-playing", "")
    expect(page.locator("play-bar output")).to_have_text("0.0 / 0.5 s")


def test_answers_given_offline_wait_and_are_stored_when_the_connection_is_back(at_trial, context):
    page = at_trial
    page.keyboard.press("1")
    context.set_offline(True)
    page.keyboard.press("End")
    expect(page.locator("saved-note")).to_contain_text("Waiting to be saved: 1")
    assert not Rating.objects.exists()
    context.set_offline(False)
    saved(page)
    assert stored(trial())[0] == 100


def test_answers_left_behind_by_a_crash_are_stored_on_return(at_trial, context):
    page = at_trial
    page.route("**/answers", lambda route: route.abort())
    page.keyboard.press("1")
    page.keyboard.press("End")
    expect(page.locator("saved-note")).to_contain_text("Waiting")
    url = page.url
    page.close()
    again = context.new_page()
    again.goto(url)
    again.wait_for_selector(READY)
    assert scores(again)[0] == 100
    saved(again)
    assert stored(trial())[0] == 100


def test_two_tabs_show_the_same_order_and_the_last_answer_wins(at_trial, context):
    first, second = at_trial, context.new_page()
    second.goto(first.url)
    second.wait_for_selector(READY)
    tokens = "[...document.querySelectorAll('stimulus-column')].map((c) => c.dataset.token)"
    assert first.evaluate(tokens) == second.evaluate(tokens)
    for tab, key in [(second, "Home"), (first, "End")]:
        tab.keyboard.press("1")
        tab.keyboard.press(key)
        saved(tab)
    assert stored(trial())[0] == 100
    assert Rating.objects.count() == 1


def test_a_sound_that_cannot_be_loaded_is_said_calmly_and_can_be_tried_again(live_server, page, study):
    page.add_init_script("const t = setTimeout; window.setTimeout = (f, ms, ...a) => t(f, ms / 100, ...a)")
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()
    page.route("**/audio/*", lambda route: route.abort())
    page.get_by_role("button", name="I am ready").click()
    expect(page.locator("form.next .message")).to_contain_text("A sound could not be loaded.")
    expect(page.get_by_role("button", name="Play 1")).to_be_disabled()
    page.unroute("**/audio/*")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(READY)


def test_a_damaged_sound_is_never_played(live_server, page, study):
    page.add_init_script("const t = setTimeout; window.setTimeout = (f, ms, ...a) => t(f, ms / 100, ...a)")
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()

    def damage(route):
        response = route.fetch()
        body = response.body()
        route.fulfill(response=response, body=body[:-1] + bytes([body[-1] ^ 1]))

    page.route("**/audio/0.*", damage)  # the reference of trial 0 alone, so that no other request is under way
    page.get_by_role("button", name="I am ready").click()
    expect(page.locator("form.next .message")).to_contain_text("A sound could not be loaded.")
