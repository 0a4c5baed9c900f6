"""Answers are stored when the network, the browser or the assessor does not behave as one would wish."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from listening.models import Rating, Session, Slot, Stage
from listening.participant.codes import grouped
from tests.browser import pages
from tests.browser.conftest import READY
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NO_DATABASE = "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError') }});"
NO_STORAGE = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }});"
MUTE_DATABASE = "indexedDB.open = () => ({});"
HURRY = "const t = setTimeout; window.setTimeout = (f, ms, ...a) => t(f, ms / 20, ...a);"
TOKENS = "[...document.querySelectorAll('stimulus-column')].map((column) => column.dataset.token)"
SCORES = "[...document.querySelectorAll('stimulus-column input')].map((input) => input.valueAsNumber)"


def note(page):
    return page.locator("saved-note")


def ready(page):
    page.wait_for_selector(READY)
    return page


def rate(page, *keys: str) -> None:
    for number, key in enumerate(keys, start=1):
        pages.rate(page, number, key)


def stored(position: int = 0) -> list[float | None]:
    trial = Session.objects.get().trials.get(position=position)
    return list(trial.slots.values_list("rating__score", flat=True))


@pytest.fixture
def begin(live_server, page, study):
    """Return a function that goes to the first trial, on a page in which `script` ran first."""

    def begun(script: str = ""):
        page.add_init_script(script)
        page.goto(f"{live_server.url}/s/{study.slug}/")
        page.get_by_role("button", name="I agree").click()
        page.get_by_role("button", name="I am ready").click()
        return ready(page)

    return begun


@pytest.mark.parametrize("script", ["", NO_DATABASE, MUTE_DATABASE], ids=["database", "storage", "mute database"])
def test_answers_outlive_a_crash_wherever_this_browser_keeps_them(begin, context, script):
    page = begin(script)
    page.route("**/answers", lambda route: route.abort())
    rate(page, "End", "Home")
    expect(note(page)).to_have_text("Waiting to be saved: 2. They are kept in this browser.")
    url = page.url
    page.close()
    assert not Rating.objects.exists()
    again = context.new_page()
    again.add_init_script(script)
    again.goto(url)
    ready(again)
    until(lambda: again.evaluate(SCORES)[:2] == [100, 0])
    expect(note(again)).to_have_text("Saved")
    assert stored()[:2] == [100, 0]


def test_where_nothing_may_be_kept_the_page_asks_to_stay_open_and_still_saves(begin):
    page = begin(NO_DATABASE + NO_STORAGE)
    page.route("**/answers", lambda route: route.abort())
    rate(page, "End")
    expect(note(page)).to_have_text("Waiting to be saved: 1. Please keep this page open.")
    page.unroute("**/answers")
    expect(note(page)).to_have_text("Saved")
    assert stored()[0] == 100


def test_an_answer_under_way_as_the_page_is_left_goes_by_beacon(begin):
    page = begin(
        "const f = fetch; window.fetch = (url, ...a) => /answers/.test(url) ? new Promise(() => {}) : f(url, ...a)"
    )
    rate(page, "End")
    expect(note(page)).to_have_text("Saving …")
    assert not Rating.objects.exists()
    page.goto("about:blank")
    until(lambda: Rating.objects.filter(score=100).exists())


def test_a_reply_that_is_not_ours_is_not_taken_for_saved(begin):
    page = begin(HURRY)
    replies = [
        {"status": 200, "content_type": "text/html", "body": "<h1>Welcome to our hotel</h1>"},
        {"status": 200, "content_type": "application/json", "body": "{}"},
        {"status": 403, "content_type": "text/html", "body": "<h1>Log in</h1>"},
        {"status": 503, "content_type": "application/json", "body": '{"error": "busy"}'},
        {"status": 302, "headers": {"Location": "/"}},
    ]
    left = list(replies)
    page.route("**/answers", lambda route: route.fulfill(**left.pop(0)) if left else route.continue_())
    told = pages.passing(page, "saved-note")
    rate(page, "End")
    until(lambda: told()[-1] == "Saved" and not left)
    assert any("Waiting to be saved: 1" in words for words in told())
    assert stored()[0] == 100


def test_an_answer_that_comes_after_the_end_is_said_not_to_be_saved(begin):
    page = begin()
    session = Session.objects.get()
    Session.objects.filter(pk=session.pk).update(finished_at=session.created_at)
    rate(page, "End")
    expect(note(page)).to_have_text("Not saved: this session has ended; its ratings stand as they are")


def test_a_code_brings_back_the_same_trial_order_and_values_on_another_device(begin, device, live_server, study):
    first = begin()
    rate(first, "End", "Home", "End")
    expect(note(first)).to_have_text("Saved")
    shown = first.locator(".personal code").inner_text()
    assert shown == grouped(Session.objects.get().code)
    second = device().new_page()
    second.goto(f"{live_server.url}/s/{study.slug}/")
    second.get_by_role("link", name="I have already begun").click()
    second.get_by_label("Your personal code").fill("xxxx")
    second.get_by_role("button", name="Go on").click()
    expect(second.get_by_role("alert")).to_contain_text("No session has this code")
    second.get_by_label("Your personal code").fill(shown.lower())
    second.get_by_role("button", name="Go on").click()
    ready(second)
    assert second.evaluate(TOKENS) == first.evaluate(TOKENS)
    assert second.evaluate(SCORES) == first.evaluate(SCORES)


def test_the_last_answer_wins_over_devices_whichever_arrives_first(begin, context, device):
    first = begin()
    context.set_offline(True)
    rate(first, "Home")
    expect(note(first)).to_contain_text("Waiting")
    second = device().new_page()
    second.goto(first.url)
    rate(ready(second), "End")
    expect(note(second)).to_have_text("Saved")
    context.set_offline(False)
    expect(note(first)).to_have_text("Saved")
    assert stored()[0] == 100
    until(lambda: first.evaluate(SCORES)[0] == 100)


def test_a_device_whose_clock_is_wrong_still_has_the_last_word(begin, device):
    first = begin()
    rate(first, "Home")
    expect(note(first)).to_have_text("Saved")
    second = device().new_page()
    second.add_init_script("const n = Date.now; Date.now = () => n() - 864e5;")
    second.goto(first.url)
    rate(ready(second), "End")
    expect(note(second)).to_have_text("Saved")
    assert stored()[0] == 100


def test_another_tab_shows_the_newest_answer_at_once(begin, context):
    first, second = begin(), context.new_page()
    second.goto(first.url)
    ready(second)
    rate(first, "End")
    until(lambda: second.evaluate(SCORES)[0] == 100)
    rate(second, "Home")
    expect(note(second)).to_have_text("Saved")
    until(lambda: first.evaluate(SCORES)[0] == 0)
    assert stored()[0] == 0
    assert Rating.objects.count() == 1


def test_what_waits_on_one_device_is_stored_though_another_has_gone_on_to_the_end(begin):
    page = begin()
    page.route("**/answers", lambda route: route.abort())
    rate(page, "End")
    expect(note(page)).to_contain_text("Waiting")
    for slot in Slot.objects.all():
        slot.answer(50, order=1, key=uuid.uuid4())
    for trial in Session.objects.get().trials.all():
        trial.finish()
    page.reload()
    expect(page.get_by_text("Please keep this page open until this message disappears.")).to_be_visible()
    page.unroute("**/answers")
    expect(page.get_by_text("Please keep this page open until this message disappears.")).to_be_hidden()
    assert stored() == [100, 50, 50, 50]


def test_a_stale_tab_comes_to_where_the_sitting_stands(begin, context):
    first, second = begin(), context.new_page()
    second.goto(first.url)
    ready(second)
    rate(first, "End", "End", "End", "End")
    first.get_by_role("button", name="Next").click()
    expect(first.locator(".progress span")).to_have_text("Trial 2 of 2")
    rate(second, "Home", "End", "End", "End")
    second.get_by_role("button", name="Next").click()
    expect(second.locator(".progress span")).to_have_text("Trial 2 of 2")
    assert stored()[0] == 0


def test_a_double_click_begins_one_sitting_and_finishes_one_trial(live_server, page, study):
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").dblclick()
    page.get_by_role("button", name="I am ready").dblclick()
    rate(ready(page), "End", "End", "End", "End")
    page.get_by_role("button", name="Next").dblclick()
    expect(page.locator(".progress span")).to_have_text("Trial 2 of 2")
    ready(page)
    assert Session.objects.count() == 1
    assert Session.objects.get().trials.open().count() == 1


def test_back_and_forth_end_where_the_sitting_stands(begin):
    page = begin()
    rate(page, "End", "End", "End", "End")
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".progress span")).to_have_text("Trial 2 of 2")
    for go in (page.go_back, page.go_back, page.go_forward, page.reload):
        response = go()
        assert response is None or response.status == 200
    page.goto(re.sub(r"(/t/[^/]+/).*", r"\1trials/0", page.url))
    expect(page.locator(".progress span")).to_have_text("Trial 2 of 2")


def test_next_without_a_connection_waits_and_goes_on_by_itself(begin):
    page = begin(HURRY)
    rate(page, "End", "End", "End", "End")
    expect(note(page)).to_have_text("Saved")
    page.route("**/trials/0", lambda route: route.abort())
    page.get_by_role("button", name="Next").click()
    expect(page.locator("form.next .message")).to_contain_text("The test goes on by itself")
    page.unroute("**/trials/0")
    expect(page.locator(".progress span")).to_have_text("Trial 2 of 2")


def test_a_browser_without_web_audio_says_so_and_the_sitting_waits_for_a_better_one(live_server, page, study, device):
    page.add_init_script("delete window.AudioContext")
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="I am ready").click()
    expect(page.locator("form.next .message")).to_contain_text("Please open your link in a recent browser.")
    expect(page.get_by_role("button", name="Play 1")).to_be_disabled()
    page.get_by_role("button", name="Next").click(force=True)
    session = Session.objects.get()
    assert session.stage == Stage.TRIAL
    assert not Rating.objects.exists()
    better = device().new_page()
    better.goto(page.url)
    ready(better)


def test_a_sound_that_cannot_be_decoded_is_said_and_cannot_be_rated(live_server, page, study):
    page.add_init_script(HURRY)
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()
    path = Session.objects.get().trials.first().slots.first().stimulus.audio.path
    whole = path.read_bytes()
    path.write_bytes(whole[:42] + bytes(len(whole) - 42))
    page.get_by_role("button", name="I am ready").click()
    expect(page.locator("form.next .message")).to_contain_text("Your ratings are safe")
    expect(page.locator("stimulus-column input").first).to_be_disabled()
    path.write_bytes(whole)
    page.get_by_role("button", name="Try again").click()
    ready(page)
