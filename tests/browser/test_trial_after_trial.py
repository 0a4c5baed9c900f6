"""A trial follows a trial in the same document: at once, with nothing of the former one left, and no way back to it."""

import re

import pytest
from playwright.sync_api import expect

from listening.models import Event, Session, Stage
from tests import builders
from tests.browser.conftest import READY
from tests.browser.pages import rate
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONTEXTS = """
globalThis.contexts = 0;
AudioContext = class extends AudioContext {
  constructor(...its) {
    super(...its);
    globalThis.contexts += 1;
  }
};
"""
PLACE = ".progress span"


@pytest.fixture
def begin(live_server, page, tmp_path):
    """Return a function that goes to the first of four trials, on a page in which `script` ran first."""

    def begun(script: str = "", **fields):
        made = builders.study(tmp_path, items=2, attributes=("quality", "interference"), replicates=0, **fields)
        made.open()
        page.add_init_script(script)
        page.goto(f"{live_server.url}/s/{made.slug}/")
        page.get_by_role("button", name="I agree").click()
        page.get_by_role("button", name="I am ready").click()
        expect(page.locator(READY)).to_be_visible()
        page.evaluate("globalThis.marker = 'the same document'")
        return page

    return begun


def finish(page) -> None:
    """Rate what there is to rate, and press Next."""
    for number in range(1, 1 + page.locator("stimulus-column").count()):
        rate(page, number, "End")
    page.get_by_role("button", name="Next").click()


def at(page, number: int) -> None:
    """Wait for the `number`th trial, all sounds loaded."""
    expect(page.locator(PLACE)).to_have_text(f"Trial {number} of 4")
    expect(page.locator(READY)).to_be_visible()  # and no handle of it is kept


def same(page) -> bool:
    return page.evaluate("globalThis.marker") == "the same document"


def test_trials_follow_one_another_in_one_document_with_one_engine_and_no_worker_left(begin):
    page = begin(CONTEXTS)
    address, title = page.url, page.title()
    for number in (2, 3, 4):
        finish(page)
        at(page, number)
        assert same(page)
        assert page.url == address
        assert page.title() == title.replace("Trial 1", f"Trial {number}")
    assert page.evaluate("contexts") == 1
    until(lambda: page.wait_for_timeout(50) or not page.workers)
    finish(page)
    expect(page.get_by_role("button", name="Finish")).to_be_visible()
    assert not same(page)
    assert list(Session.objects.get().trials.values_list("proved", flat=True)) == [True] * 4


def test_whoever_does_not_see_the_page_is_told_that_another_trial_is_there(begin):
    page = begin()
    finish(page)
    at(page, 2)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_accessible_description("Trial 2 of 4")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Reference")).to_be_focused()


def test_what_was_done_is_told_of_the_trial_in_which_it_was_done(begin):
    page = begin()
    finish(page)
    at(page, 2)
    rate(page, 1, "Home")
    trials = Session.objects.get().trials
    until(lambda: Event.objects.filter(kind="heard", trial=trials.get(position=1)).exists())
    until(lambda: Event.objects.filter(kind="pause", trial=trials.get(position=0)).exists())
    loads = set(Event.objects.values_list("trial__position", "load"))
    assert len(loads) == len({load for _position, load in loads}) == 2


def test_reload_back_and_forth_come_to_where_the_sitting_stands(begin):
    page = begin()
    finish(page)
    at(page, 2)
    page.reload()
    at(page, 2)
    assert not same(page)
    for go in (page.go_back, page.go_forward):
        go()
        expect(page.get_by_text("Trial 1 of 4")).to_have_count(0)
    page.goto(re.sub(r"/[st]/.*", Session.objects.get().get_absolute_url(), page.url))
    at(page, 2)


def test_from_the_page_of_what_is_missing_the_next_trial_has_the_sittings_address(begin):
    page = begin()
    home = page.url
    page.evaluate("document.querySelector('form.next').submit()")
    expect(page.get_by_role("alert")).to_contain_text("not been heard")
    page.wait_for_selector(READY)
    assert page.url != home
    finish(page)
    at(page, 2)
    assert page.url == home
    page.reload()
    at(page, 2)


def test_a_tab_that_is_behind_comes_to_where_the_sitting_stands_in_its_place(begin, context):
    first, second = begin(), context.new_page()
    second.goto(first.url)
    second.wait_for_selector(READY)
    for number in (2, 3):
        finish(first)
        at(first, number)
    for number in range(1, 5):
        rate(second, number, "Home")
    second.get_by_role("button", name="Next").click()
    at(second, 3)
    rate(second, 1, "End")
    expect(second.locator("saved-note")).to_have_text("Saved")


def test_a_break_is_a_page_of_its_own_and_the_trial_after_it_too(begin):
    page = begin(break_every=1)
    finish(page)
    expect(page.get_by_role("heading", name="Rest your ears")).to_be_visible()
    assert not same(page)
    page.get_by_role("button", name="Go on").click()
    at(page, 2)


def test_sounds_with_another_number_of_channels_follow_too(begin, tmp_path):
    page = begin()
    other = Session.objects.get().trials.get(position=1).item
    for stimulus in other.stimuli.all():
        stimulus.audio = builders.stored(builders.tone(channels=2), f"wide{stimulus.pk}", tmp_path)
        stimulus.save(update_fields=["audio"])
    reference = other.references.get()
    reference.audio = builders.stored(builders.tone(channels=2), "wide", tmp_path)
    reference.save(update_fields=["audio"])
    page.reload()
    page.wait_for_selector(READY)
    page.evaluate("globalThis.marker = 'the same document'")
    finish(page)
    at(page, 2)
    assert same(page)
    rate(page, 1, "End")
    expect(page.locator("saved-note")).to_have_text("Saved")
    assert Session.objects.get().stage == Stage.TRIAL


def test_nothing_of_a_former_trial_stays_in_memory(begin):
    page = begin()
    page.evaluate("globalThis.former = new WeakRef(document.querySelector('listening-trial'))")
    for number in (2, 3):  # Chromium itself keeps the form that was sent last, in case a password has to be saved
        finish(page)
        at(page, number)
    tools = page.context.new_cdp_session(page)

    def gone() -> bool:
        tools.send("HeapProfiler.collectGarbage")
        return page.evaluate("former.deref() === undefined")

    until(gone)


def test_a_sound_that_did_not_come_ahead_is_asked_for_by_its_own_trial(begin, page):
    refused = []
    page.route("**/audio/1.*", lambda route: (refused.append(route.request.url), route.abort()))
    begin()
    until(lambda: page.wait_for_timeout(50) or refused)
    page.unroute("**/audio/1.*")
    finish(page)
    at(page, 2)
