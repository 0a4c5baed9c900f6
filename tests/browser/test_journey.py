"""One assessor's way from consent to thanks, with everything that happens to people on the way."""

import re

import pytest
from playwright.sync_api import expect

from listening.models import Audio, Event, Rating, Session
from tests.browser import pages
from tests.browser.conftest import READY
from tests.browser.pages import hear, rate
from tests.waiting import until

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
        rate(page, number, key)
    rate(page, 2, "PageUp", "ArrowUp", "Shift+ArrowUp")
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
        hear(page, number)
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
    rate(page, 1, "ArrowUp")
    hear(page, 2)
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
    playing = pages.passing(page, "listening-trial", "data-playing")
    page.keyboard.press("l")
    page.keyboard.press(" ")
    until(lambda: "" in playing() and playing()[-1] is None)
    expect(page.locator("play-bar output")).to_have_text("0.0 / 0.5 s")


def test_answers_given_offline_wait_and_are_stored_when_the_connection_is_back(at_trial, context):
    page = at_trial
    hear(page, 1)
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
    rate(page, 1, "End")
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
        rate(tab, 1, key)
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
        body = bytearray(response.body())
        body[len(body) // 2] ^= 1
        route.fulfill(response=response, body=bytes(body))

    page.route("**/audio/0.*", damage)  # the reference of trial 0 alone, so that no other request is under way
    page.get_by_role("button", name="I am ready").click()
    expect(page.locator("form.next .message")).to_contain_text("A sound did not arrive exactly as it was prepared")
    expect(page.get_by_role("button", name="Play 1")).to_be_disabled()
    until(lambda: Event.objects.filter(kind="fault", place=0, value=1).exists())
    assert trial().proved is False
    page.unroute("**/audio/0.*")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(READY)
    until(lambda: trial().proved)


def test_a_sample_beyond_what_was_stored_is_never_heard_and_the_page_says_so_calmly(live_server, page, study):
    Audio.objects.update(peak=0.1)
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="I am ready").click()
    page.wait_for_selector(READY)
    page.keyboard.press("1")
    expect(page.locator("form.next .message")).to_contain_text("A sound did not arrive exactly as it was prepared")
    expect(page.get_by_role("button", name="Play 1")).to_be_disabled()
    assert not page.locator("stimulus-column input:enabled").count()
    until(lambda: Event.objects.filter(kind="fault", slot__position=0, value=2).exists())


def test_a_key_pressed_before_a_stimulus_was_heard_rates_nothing(at_trial):
    page = at_trial
    page.add_init_script(pages.HELD)
    page.reload()
    page.wait_for_selector(READY)
    for number in range(1, 5):
        page.keyboard.press(str(number))
        page.keyboard.press("End")
    page.evaluate("release()")
    expect(page.locator(".todo").last).to_have_text("rate")
    expect(page.locator(".todo")).to_have_text(["listen", "listen", "listen", "rate"])
    assert page.evaluate("document.activeElement === document.querySelectorAll('stimulus-column input')[3]")
    assert not Rating.objects.exists()


def test_what_was_heard_before_a_reload_counts_and_the_slider_is_free_once_it_is_enough(at_trial):
    page = at_trial
    page.keyboard.press("l")
    page.get_by_role("slider", name="Position").press("ArrowRight")
    page.keyboard.press("1")  # from the middle to the end, where it stops by itself
    until(Event.objects.filter(kind="heard").exists)
    page.reload()
    page.wait_for_selector(READY)
    heard = page.evaluate("JSON.parse(document.getElementById('page-data').textContent).heard")
    [first] = heard.values()
    assert first["seconds"] == pytest.approx(0.25)
    expect(page.locator(".todo").first).to_have_text("listen")
    rate(page, 1, "End")
    saved(page)
    stretches = Event.objects.filter(kind="heard", slot__position=0).order_by("at", "order")
    load = stretches.last().load
    start, until_ = stretches.filter(load=load).values_list("value", "until")[0]
    assert first["seconds"] + until_ - start >= 0.45
    assert until_ - start < 0.48  # all 0.5 s would be asked for, had the first part not counted
    assert stored(trial())[0] == 100


def test_numbers_are_written_as_the_language_writes_them(live_server, page, tmp_path):
    page.goto(live_server.url + pages.address("trial-intervals", tmp_path, language="de"))
    page.wait_for_selector(READY)
    expect(page.locator("play-bar output")).to_have_text("0,0 / 0,5 s")
    rate(page, 1, "Home", "Shift+ArrowUp")
    expect(page.locator(".fader input").first).to_have_attribute("aria-valuetext", re.compile("^0,1 "))


def test_the_completion_code_is_copied_by_its_button_and_is_text_without_scripts(
    live_server, context, browser, tmp_path
):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    address = live_server.url + pages.address("done", tmp_path)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "VOICES-4711"
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(address)
    expect(page.get_by_text("VOICES-4711")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    plain.close()
