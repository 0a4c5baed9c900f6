"""Nobody is left out: every page for every eye, hand, ear and language, in light and dark."""

import pytest
from django.utils import translation

from tests.browser import pages
from tests.browser.axe import violations
from tests.browser.conftest import READY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {"phone": 320, "desktop at 200 %": 640, "4 K": 3840}
each_page = pytest.mark.parametrize("name", pages.PAGES)


@pytest.fixture
def see(live_server, page, tmp_path):
    """Return a function that opens a page by its name, a trial with all its sounds."""

    def seen(name: str, **fields):
        page.goto(live_server.url + pages.address(name, tmp_path, **fields))
        if name == "missing":
            page.locator("form.questions button.primary").click()
        if name.startswith("trial-"):
            page.wait_for_selector(READY)
        return page

    return seen


def complaints(page) -> list[str]:
    """Return what axe says against the page as it stands."""
    found = violations(page, options={"runOnly": TAGS})
    return [f"{each['id']}: {node['html']} {node['failureSummary']}" for each in found for node in each["nodes"]]


@each_page
def test_axe_has_no_complaint_in_light_or_in_dark(see, name):
    page = see(name)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert not complaints(page), scheme


OUTSIDE = """() => [...document.querySelectorAll("header *, main *")].filter((element) => {
  const {left, right, width} = element.getBoundingClientRect();
  return width && (left < -1 || right > document.documentElement.clientWidth + 1);
}).map((element) => element.outerHTML.slice(0, 80))"""
CUT = """() => [...document.querySelectorAll("header *, main *")].filter((element) =>
  !element.children.length && element.textContent.trim() && getComputedStyle(element).display !== "inline"
  && !element.closest(".brand") && element.scrollWidth > element.clientWidth + 1
).map((element) => element.outerHTML.slice(0, 80))"""


@each_page
def test_long_words_fit_a_phone_a_zoomed_page_and_a_large_screen(see, name):
    with translation.override("de"):
        page = see(name, language="de")
    for screen, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 700})
        assert not page.evaluate(OUTSIDE), screen
        assert not page.evaluate(CUT), screen


@pytest.fixture
def arabic(settings):
    """Offer a language that runs from right to left; its words are Django's own, and English where it has none."""
    settings.LANGUAGES = [("en", "English"), ("ar", "العربية")]


def middle(box) -> float:
    return box["x"] + box["width"] / 2


@pytest.mark.usefixtures("arabic")
def test_from_right_to_left_the_page_mirrors_and_the_scale_does_not(see):
    page = see("trial-intervals", language="ar")
    assert page.locator("html").get_attribute("dir") == "rtl"
    reference, desk = page.locator(".open-sounds").bounding_box(), page.locator(".rating").bounding_box()
    assert middle(reference) > middle(desk)
    first, last = (page.locator(".pick").nth(place).bounding_box() for place in (0, -1))
    assert middle(first) > middle(last)
    pages.hear(page, 1)
    slider, fader = page.locator(".fader input").first, page.locator(".fader").first
    box = fader.bounding_box()
    page.mouse.click(middle(box), box["y"] + box["height"] / 4)
    assert slider.evaluate("slider => slider.valueAsNumber") == pytest.approx(75, abs=2)
    words = [page.locator(".intervals li").nth(place).bounding_box()["y"] for place in (0, -1)]
    assert words[0] < words[1]
    assert not page.evaluate(OUTSIDE)


@pytest.mark.usefixtures("arabic")
def test_from_right_to_left_a_phone_has_the_low_end_where_the_slider_has_it(see):
    page = see("trial-intervals", language="ar")
    page.set_viewport_size({"width": 390, "height": 844})
    pages.hear(page, 1)
    box = page.locator(".fader").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    slider = page.locator(".fader input").first
    assert slider.evaluate("slider => slider.valueAsNumber") == pytest.approx(25, abs=2)
    bad, excellent = (page.locator(".intervals").get_by_text(word).bounding_box() for word in ("Bad", "Excellent"))
    assert box["x"] < middle(bad) < middle(excellent) < box["x"] + box["width"]
    before = slider.evaluate("slider => slider.valueAsNumber")
    page.keyboard.press("ArrowRight")
    assert slider.evaluate("slider => slider.valueAsNumber") == before + 1
    assert not page.evaluate(OUTSIDE)


def ink(page, place: str) -> tuple[str, str]:
    """Return the colours of a place as Chromium draws it: background and border."""
    return tuple(
        page.locator(place).first.evaluate(f"place => getComputedStyle(place).{name}")
        for name in ("backgroundColor", "borderTopColor")
    )


def test_in_forced_colours_what_sounds_is_still_seen(see):
    page = see("trial-scale")
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    page.get_by_role("button", name="Play 1").click()
    assert ink(page, ".pick[aria-pressed=true]") != ink(page, ".pick[aria-pressed=false]")
    assert ink(page, ".open-sound .icon")[0] != ink(page, ".open-sound")[0]
    assert not complaints(page)


def test_with_more_contrast_asked_for_lines_and_small_words_are_drawn_in_full_ink(see):
    page = see("trial-scale")
    page.emulate_media(contrast="more", reduced_motion="reduce")
    full = page.evaluate("getComputedStyle(document.documentElement).color")
    assert page.locator(".question p").evaluate("line => getComputedStyle(line).color") == full
    assert ink(page, ".pick")[1] == full


@pytest.mark.parametrize("name", ["welcome", "trial-scale", "trial-pair"])
def test_nothing_moves_where_motion_is_unwanted(see, name):
    page = see(name)
    page.emulate_media(reduced_motion="reduce")
    moving = """() => [...document.querySelectorAll("*")].filter((element) => {
      const {animationName, transitionDuration} = getComputedStyle(element);
      return animationName !== "none" || parseFloat(transitionDuration) > 0;
    }).length"""
    assert page.evaluate(moving) == 0


def test_a_thumb_finds_every_button_of_a_trial(see):
    page = see("trial-scale")
    page.set_viewport_size({"width": 390, "height": 844})
    for button in page.locator("button:visible").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 36, button.evaluate("button => button.outerHTML")
