"""A screen reader's way: an assessor who knows nothing but roles, names and values rates a trial, and stays blind."""

import re

import pytest
from playwright.sync_api import expect

from listening.models import Condition, Rating
from tests.browser import pages
from tests.browser.conftest import READY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLAY = r"Play (?:\d|the version)"


@pytest.fixture
def enter(live_server, page, tmp_path):
    """Return a function that opens a page by its name, its conditions called what nobody else is called."""

    def entered(name: str):
        page.goto(live_server.url + pages.address(name, tmp_path))
        for number, condition in enumerate(Condition.objects.all()):
            Condition.objects.filter(pk=condition.pk).update(name=f"zq{number}x")
        if name.startswith("trial-"):
            page.wait_for_selector(READY)
        return page

    return entered


def heard(page) -> str:
    """Return what a screen reader finds: Chromium's own accessibility tree, as roles, names and states."""
    return page.locator("body").aria_snapshot()


def named(page, role: str) -> list[str]:
    """Return the names of everything in the tree that has a role, in reading order."""
    return re.findall(rf'- {role} "([^"]*)"', heard(page))


def stored() -> list[float]:
    return list(Rating.objects.order_by("slot__position").values_list("score", flat=True))


def test_a_trial_with_sliders_is_rated_by_names_alone(enter):
    page = enter("trial-scale")
    sliders = [name for name in named(page, "slider") if "100 is" in name]
    assert sliders == [f"Sound quality of {n}, 0 is Worse quality, 100 is Same quality" for n in range(1, 5)]
    assert [name for name in named(page, "button") if name.startswith("Play ")] == [f"Play {n}" for n in range(1, 5)]
    for number, name in enumerate(sliders, start=1):
        button, slider = page.get_by_role("button", name=f"Play {number}"), page.get_by_role("slider", name=name)
        assert slider.get_attribute("aria-valuetext").endswith("not rated yet")
        button.focus()
        page.keyboard.press("Enter")
        expect(slider).to_be_focused()
        page.keyboard.press("Home")
        for _press in range(number):
            page.keyboard.press("PageUp")
        expect(slider).to_have_attribute("aria-valuetext", f"{10 * number} of 100")
    expect(page.get_by_role("status").filter(has_text="All heard and rated.")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    assert stored() == [10, 20, 30, 40]
    page.get_by_role("button", name="Next").press("Enter")
    expect(page.get_by_role("progressbar", name="Practice 2 of 2")).to_be_visible()


def test_a_slider_says_the_word_of_the_interval_in_which_it_stands(enter):
    page = enter("trial-intervals")
    page.get_by_role("button", name="Play 1").press("Enter")
    slider = page.get_by_role("slider", name="Basic audio quality of 1, 0 is Bad, 100 is Excellent")
    expect(slider).to_be_focused()
    for keys, words in [
        ("Home", "0 of 100, Bad"),
        ("PageUp PageUp", "20 of 100, Poor"),
        ("End", "100 of 100, Excellent"),
    ]:
        for key in keys.split():
            slider.press(key)
        expect(slider).to_have_attribute("aria-valuetext", words)


@pytest.mark.parametrize(("name", "words"), [("trial-grades", "Slightly annoying"), ("trial-pair", "2 is better")])
def test_a_page_with_one_answer_is_judged_by_names_alone(enter, name, words):
    page = enter(name)
    for button in [each for each in named(page, "button") if re.match(rf"Reference|{PLAY}", each)]:
        page.get_by_role("button", name=button, exact=True).press("Enter")
        told = page.get_by_role("status").filter(has_text="Please choose an answer.")
        expect(told).not_to_contain_text(button.removeprefix("Play "))
    answer = page.get_by_role("radio", name=words)
    expect(answer).to_be_enabled()
    answer.focus()
    page.keyboard.press("Space")
    expect(answer).to_be_checked()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    assert stored()


@pytest.mark.parametrize("name", pages.TRIALS)
def test_the_tree_tells_the_stimuli_apart_by_their_numbers_only(enter, name):
    page = enter(name)
    tree = heard(page)
    assert not re.search(r"zq\d|hidden|system|anchor", tree.lower())
    buttons = re.findall(rf'button "({PLAY})"', tree)
    alike = {re.sub(rf"\b{button[-1]}\b", "N", _about(tree, button)) for button in buttons}
    assert len(alike) == 1


def _about(tree: str, button: str) -> str:
    """Return what a tree says of one stimulus, from its button to its state, but for where its slider stands."""
    own = re.search(rf'- button "{button}".*?- text: [^\n]*', tree, re.DOTALL).group()
    return re.sub(r'(- slider "[^"]*"[^:\n]*): [^\n]*', r"\1", own)
