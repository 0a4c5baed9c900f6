"""Everything on a trial page by keyboard alone: no pointer, and focus always somewhere that is seen."""

import pytest
from playwright.sync_api import expect

from tests.browser import pages
from tests.browser.conftest import READY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCORE = "document.activeElement.valueAsNumber"
FOCUS = """() => {
  const place = document.activeElement, {width, height, bottom, top} = place.getBoundingClientRect();
  const {outlineStyle, outlineWidth} = getComputedStyle(place);
  const name = place === document.body ? "" : place.getAttribute("aria-label") ?? place.textContent.trim();
  const drawnInside = ["range", "radio"].includes(place.type);  // their thumb or card has the ring
  const ringed = drawnInside || outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return {name, ringed, seen: width * height > 0 && bottom > 0 && top < innerHeight};
}"""


@pytest.fixture
def at(live_server, page, tmp_path):
    """Return a function that opens a trial by its name."""

    def opened(name: str):
        page.goto(live_server.url + pages.address(name, tmp_path))
        page.wait_for_selector(READY)
        return page

    return opened


def sounding(page) -> list[str]:
    found = page.locator(".open-sound[aria-pressed=true], .pick[aria-pressed=true], .card[aria-pressed=true]")
    return [text.strip() for text in found.all_inner_texts()]


def test_digits_play_the_versions_and_zero_or_r_the_reference(at):
    page = at("trial-scale")
    for key, name in [("3", "3"), ("0", "Reference"), ("1", "1"), ("r", "Reference"), ("R", "Reference"), ("4", "4")]:
        page.keyboard.press(key)
        assert sounding(page) == [name]


def test_arrows_move_the_slider_coarsely_and_with_shift_finely(at):
    page = at("trial-intervals")
    pages.hear(page, 2)
    steps = {
        "ArrowUp": 1, "ArrowRight": 2, "PageUp": 12, "ArrowDown": 11, "ArrowLeft": 10, "Shift+ArrowUp": 10.1,
        "Shift+ArrowRight": 10.2, "Shift+ArrowDown": 10.1, "Shift+ArrowLeft": 10, "End": 100, "PageDown": 90, "Home": 0,
    }  # fmt: skip
    for key, score in steps.items():
        page.keyboard.press(key)
        assert page.evaluate(SCORE) == pytest.approx(score), key


def test_a_slider_that_stands_nowhere_is_placed_by_keys(at):
    page = at("trial-unplaced")
    pages.hear(page, 1)
    slider = page.locator(".fader input").first
    expect(slider).to_have_attribute("aria-valuetext", "not placed yet")
    page.keyboard.press("ArrowUp")
    expect(slider).to_have_attribute("aria-valuetext", "50 of 100, Fair")
    page.keyboard.press("ArrowUp")
    expect(slider).to_have_attribute("aria-valuetext", "51 of 100, Fair")


def test_the_list_of_keys_opens_and_closes_and_gives_focus_back(at):
    page = at("trial-scale")
    pages.hear(page, 1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("2")
    assert sounding(page) == ["1"]
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("document.activeElement.type") == "range"


def test_grades_are_chosen_by_arrows(at):
    page = at("trial-pair")
    for number in ("1", "2"):
        page.keyboard.press(number)
        expect(page.locator(".message")).not_to_contain_text(number)
    page.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="1 is better")).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="No preference")).to_be_checked()


@pytest.mark.parametrize("name", ["trial-scale", "trial-grades"])
def test_tab_visits_what_can_be_used_and_focus_is_always_seen(at, name):
    page = at(name)
    version = "Play 1" if name == "trial-scale" else "Play the version"
    visited = []
    for _press in range(30):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if not focus["name"]:
            break
        assert focus["seen"], focus
        assert focus["ringed"], focus
        visited.append(focus["name"])
    order = ["Skip to the content", "Keys", "Reference", version, "Repeat", "Next"]
    assert [place for place in visited if place in order] == order
