"""Pages with one answer, and sliders that stand nowhere at first: by mouse and by keys alone."""

import pytest
from playwright.sync_api import expect

from listening.models import Attribute, Rating, Session
from tests import builders
from tests.browser.conftest import READY
from tests.browser.pages import hear, rate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_page(live_server, page, tmp_path):
    """Return a page at the first trial of a study of some method, all sounds loaded."""

    def opened(preset: str, **fields):
        made = builders.study(tmp_path, preset=preset, items=1, attributes=("overall",), replicates=0, **fields)
        Attribute.objects.filter(study=made).update(question="How is it?")
        made.open()
        page.goto(f"{live_server.url}/s/{made.slug}/")
        page.get_by_role("button", name="I agree").click()
        page.get_by_role("button", name="I am ready").click()
        page.wait_for_selector(READY)
        return page

    return opened


def stored(position: int = 0) -> list[float | None]:
    return list(Session.objects.get().trials.get(position=position).slots.values_list("rating__score", flat=True))


def saved(page) -> None:
    expect(page.locator("saved-note")).to_have_text("Saved")


def test_a_grade_is_given_by_keys_alone_once_version_and_reference_were_heard_to_their_end(open_page):
    page = open_page("dcr")
    message = page.locator("form.next .message")
    expect(message).to_have_text("Still to be heard to the end: Reference, the version. Please choose an answer.")
    expect(page.get_by_role("radio", name="Inaudible", exact=True)).to_be_disabled()
    page.keyboard.press("1")
    expect(message).to_have_text("Still to be heard to the end: Reference. Please choose an answer.")
    page.keyboard.press("0")
    expect(message).to_have_text("Please choose an answer.")
    page.keyboard.press("1")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Audible, but not annoying")).to_be_checked()
    saved(page)
    assert stored() == [75]
    page.reload()
    page.wait_for_selector(READY)
    expect(page.get_by_role("radio", name="Audible, but not annoying")).to_be_checked()
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".progress span")).to_have_text("Trial 2 of 4")


def test_next_leads_to_what_is_missing(open_page):
    page = open_page("acr")
    page.get_by_role("button", name="Next").click(force=True)
    expect(page.get_by_role("button", name="Play the version")).to_be_focused()
    page.keyboard.press("1")
    expect(page.locator(".todo")).to_have_text("heard")
    page.get_by_role("button", name="Next").click(force=True)
    expect(page.get_by_role("radio", name="Excellent")).to_be_focused()
    assert not Rating.objects.exists()


def test_the_better_of_two_gets_a_hundred_and_changing_ones_mind_changes_both(open_page):
    page = open_page("ab")
    for number in (1, 2):
        page.get_by_role("button", name=f"Play {number}").click()
        expect(page.locator(".todo").nth(number - 1)).to_have_text("heard")
    page.get_by_role("radio", name="1 is better").check()
    saved(page)
    assert stored() == [100, 0]
    page.get_by_role("radio", name="No preference").check()
    saved(page)
    assert stored() == [50, 50]
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="How is it?")).to_have_count(0)


def test_a_slider_that_stands_nowhere_has_no_thumb_and_is_placed_by_its_first_key_or_touch(open_page):
    page = open_page("mushra-nmr")
    columns = page.locator("stimulus-column")
    expect(columns.first).to_have_attribute("data-unplaced", "")
    expect(columns.first.locator("input")).to_have_attribute("aria-valuetext", "not placed yet")
    rate(page, 1, "ArrowUp")
    expect(columns.first).not_to_have_attribute("data-unplaced", "")
    hear(page, 2)
    box = columns.nth(1).locator("input").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(columns.nth(1)).not_to_have_attribute("data-unplaced", "")
    hear(page, 3)
    saved(page)
    first, second, *others = stored()
    assert first == 50
    assert second == pytest.approx(50, abs=1)
    assert others == [None, None]
    expect(page.locator("form.next .message")).to_contain_text("Still to rate: 3.")


def test_without_an_open_reference_its_key_does_nothing(open_page):
    page = open_page("acr")
    page.keyboard.press("0")
    page.keyboard.press("r")
    expect(page.locator("listening-trial")).not_to_have_attribute("data-playing", "")
    expect(page.locator(".open-sounds")).to_have_count(0)
