"""The steps around the trials in a browser: heard to the end before they are answered, resumed where they stood."""

from itertools import groupby

import pytest
from playwright.sync_api import expect

from listening import headphones
from listening.models import Item, Session, Stage
from tests import builders
from tests.browser.conftest import READY
from tests.browser.pages import rate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIT = """() => {
  const choices = [...document.querySelectorAll(".intervals button")], seen = [];
  const lit = () => choices.flatMap((choice, number) => "sounding" in choice.dataset ? [number] : []);
  const look = () => seen.push({sounding: lit(), free: choices.filter((choice) => !choice.disabled).length});
  for (const choice of choices) new MutationObserver(look).observe(choice, {attributes: true});
  return seen;
}"""
"""What is seen of the intervals from here on: which light up, and how many of them may be chosen meanwhile."""


def begin(page, live_server, study) -> Session:
    study.open()
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()
    return Session.objects.get(study=study)


def test_three_intervals_light_up_one_after_another_and_only_then_may_be_chosen(live_server, page, tmp_path):
    session = begin(page, live_server, builders.study(tmp_path, items=1, headphones="huggins"))
    choices = page.locator(".intervals button")
    expect(choices.first).to_be_disabled()
    shown = page.evaluate_handle(LIT)
    page.get_by_role("button", name="Play all three").click()
    expect(choices.first).to_be_enabled()
    expect(page.locator("[data-sounding]")).to_have_count(0)
    lit = [one for one, _next in groupby(shown.json_value()) if one["sounding"]]
    assert lit == [{"sounding": [number], "free": 0} for number in range(3)]
    choices.nth(1).click()
    expect(page.get_by_text("2 of 6")).to_be_visible()
    page.go_back()
    page.goto(f"{live_server.url}{session.get_absolute_url()}")
    expect(page.get_by_text("2 of 6")).to_be_visible()
    assert session.checks.get().answers == [2]


def test_a_questionnaire_keeps_what_was_written_and_shows_what_is_missing(live_server, page, tmp_path):
    study = builders.study(tmp_path, items=1)
    study.questions.create(key="gear", kind="choice", text="What do you wear?", choices="open\nclosed", position=0)
    study.questions.create(key="age", kind="number", text="How old are you?", position=1)
    study.questions.create(key="tired", kind="scale", text="How tired?", choices="not\nvery", maximum=5, position=2)
    session = begin(page, live_server, study)
    page.get_by_label("closed").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("2 answers are missing or not valid")
    expect(page.get_by_label("closed")).to_be_checked()
    page.get_by_label("How old are you?").fill("31")
    page.get_by_role("radio", name="4").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="I am ready")).to_be_visible()
    assert list(session.replies.values_list("value", flat=True)) == ["closed", "31", "4"]


def test_examples_play_one_at_a_time_then_practice_then_a_pause(live_server, page, tmp_path):
    study = builders.study(tmp_path, items=2, attributes=("quality",), replicates=0, familiarisation=True)
    Item.objects.filter(name="item0").update(training=True)
    session = begin(page, live_server, study)
    page.get_by_role("button", name="I am ready").click()
    low, high = page.get_by_role("button", name="worst"), page.get_by_role("button", name="best")
    low.click()
    expect(low).to_have_attribute("aria-pressed", "true")
    high.click()
    expect(high).to_have_attribute("aria-pressed", "true")
    expect(low).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_selector(READY)
    expect(page.locator(".progress span")).to_have_text("Practice 1 of 1")
    rate(page, 1, "End")
    page.get_by_role("button", name="Take a break").click()
    expect(page.get_by_role("heading", name="Rest your ears")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Go on").click()
    page.wait_for_selector(READY)
    assert session.trials.first().slots.first().rating.score == 100
    assert Session.objects.get().stage == Stage.TRIAL


def test_the_sound_of_a_headphone_check_reaches_the_browser_bit_by_bit(live_server, page, tmp_path):
    session = begin(page, live_server, builders.study(tmp_path, items=1, headphones="antiphase"))
    page.wait_for_selector("interval-choice")
    sums = page.evaluate(
        """async () => {
          const { load } = await import("/static/participant/sounds.js");
          const url = document.querySelector("interval-choice").dataset.sound;
          const [[left, right]] = await load([url], { rate: 44100, signal: new AbortController().signal });
          const at = [0, 1.5, 3].map((start) => Math.round(start * 44100) + 22061);
          return at.map((n) => [left[n] !== 0, left[n] === right[n], left[n] === -right[n]]);
        }"""
    )
    check = session.checks.get()
    made = headphones.trial("antiphase", check.seed, 0).sound.samples
    for (sounds, same, turned), (start, _end) in zip(sums, headphones.spans()):
        left, right = made[:, round(start * headphones.SAMPLE_RATE) + 22061]
        assert sounds
        assert (same, turned) == (bool(left == right), bool(left == -right))
