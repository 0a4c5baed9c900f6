"""What the page tells of an assessor: every action with the frame at which it was heard, once, whatever happens."""

import pytest
from playwright.sync_api import expect

from listening.models import Event, Session
from tests.browser import rendering
from tests.browser.conftest import READY
from tests.browser.pages import rate
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COVERED = """async ([length, rate, spans]) => {
  const {Coverage} = await import("/static/participant/coverage.js");
  const coverage = new Coverage({length, rate});
  return spans.map(([sound, from, to]) => coverage.add(sound, from, to));
}"""
STRETCHES = """async (told) => {
  const {Stretches} = await import("/static/participant/stretches.js");
  const stretches = new Stretches();
  const seen = ({sound, from, to}) => [sound, from, to];
  return told.map((news) => {
    if (news.cut) return seen(stretches.cut(news.cut));
    if (news.clock) return stretches.underWay(news.clock) && seen(stretches.underWay(news.clock));
    const ended = stretches.onEvent(news);
    return ended && seen(ended);
  });
}"""
UNDERRUNS = """async ([rate, ticks]) => {
  const {Underruns} = await import("/static/participant/underruns.js");
  const underruns = new Underruns(rate);
  for (const [frame, now] of ticks) underruns.tick(frame, now);
  return underruns.count;
}"""


@pytest.fixture(scope="module")
def blank(browser):
    """Return a page from which our modules can be imported."""
    with rendering.modules() as address:
        page = browser.new_page()
        page.goto(address)
        yield page
        page.close()


def kinds() -> list[str]:
    return list(Event.objects.order_by("order").values_list("kind", flat=True))


def told(*expected: str) -> None:
    """Wait until the server has been told of these kinds of events."""
    until(lambda: set(expected) <= set(kinds()))


def test_what_an_assessor_does_is_stored_with_the_frame_at_which_it_took_effect(at_trial):
    page = at_trial
    page.keyboard.press("0")
    expect(page.locator("listening-trial")).to_have_attribute("data-playing", "")
    rate(page, 2, "ArrowUp")
    page.keyboard.press(" ")
    expect(page.locator("listening-trial")).not_to_have_attribute("data-playing", "")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    told("loop", "play", "switch", "rate", "pause")
    [trial] = Session.objects.get().trials.filter(position=0)
    events = {event.kind: event for event in Event.objects.filter(trial=trial)}
    assert events["play"].place == 0
    assert events["switch"].slot == events["rate"].slot == trial.slots.get(position=1)
    assert events["rate"].value == pytest.approx(events["rate"].slot.rating.score)
    frames = [events[kind].frame for kind in ("loop", "play", "switch", "pause")]
    assert frames == sorted(frames)
    played = (events["pause"].frame - events["play"].frame) / 8000
    assert events["pause"].value == pytest.approx(played % 0.5, abs=2e-3)
    client = Session.objects.get().client
    assert (client["engine"], client["rate"], client["counted"]) == ("worklet", 8000, "browser")
    assert "Chrome" in client["browser"]
    assert client["exact"] is True
    assert client["glitches"] == sum(each.value for each in Event.objects.filter(kind="glitch"))


def test_what_was_heard_stays_heard_over_a_reload(at_trial):
    page = at_trial
    page.keyboard.press("3")
    told("whole")
    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator(".todo")).to_have_text(["listen", "listen", "rate", "listen"])


def test_events_that_did_not_arrive_come_with_the_next_batch(at_trial, context):
    page = at_trial
    context.set_offline(True)
    page.keyboard.press("1")
    expect(page.locator("listening-trial")).to_have_attribute("data-playing", "")
    page.keyboard.press(" ")
    expect(page.locator("listening-trial")).not_to_have_attribute("data-playing", "")
    assert "play" not in kinds()
    context.set_offline(False)
    told("play", "pause")
    assert len(kinds()) == len(set(Event.objects.values_list("load", "order")))


def test_a_sound_is_heard_to_its_end_when_every_piece_of_it_was_heard_in_any_order(blank):
    spans = [[0, 500, 1000], [1, 0, 1000], [0, 0, 300], [0, 250, 400], [0, 390, 510], [0, 0, 1000]]
    assert blank.evaluate(COVERED, [1000, 1000, spans]) == [False, True, False, False, True, False]


def played(did: str, sound: int, position: int, frame: int, **more) -> dict:
    return {"did": did, "sound": sound, "position": position, "frame": frame, **more}


def test_stretches_are_cut_where_they_are_counted_and_never_overlap(blank):
    told = [
        played("play", 0, 100, 1000), {"clock": 1300}, {"cut": 1400}, {"clock": 1450},
        played("span", 0, 100, 1600, until=700), played("switch", 2, 700, 1600), {"clock": 1650},
        played("span", 2, 700, 1700, until=800), played("seek", 2, 50, 1700), {"clock": 1710},
        played("span", 2, 50, 1800, until=150), played("pause", 2, 150, 1800), {"clock": 1900},
        played("seek", 2, 400, 2000), {"clock": 2100},
    ]  # fmt: skip
    assert blank.evaluate(STRETCHES, told) == [
        None, [0, 100, 400], [0, 100, 500], [0, 500, 550], [0, 500, 700], None, [2, 700, 750], [2, 700, 800], None,
        [2, 50, 60], [2, 50, 150], None, None, None, None,
    ]  # fmt: skip


def test_a_loop_goes_on_where_it_begins(blank):
    told = [
        {"did": "loop", "sound": 1, "position": 0, "frame": 0, "region": [200, 600]}, played("play", 1, 200, 0),
        played("span", 1, 200, 400, until=600), {"clock": 450}, played("span", 1, 200, 500, until=300),
        played("pause", 1, 300, 500), {"clock": 600},
    ]  # fmt: skip
    expected = [None, None, [1, 200, 600], [1, 200, 250], [1, 200, 300], None, None]
    assert blank.evaluate(STRETCHES, told) == expected


def test_a_jump_to_the_end_is_not_hearing_to_the_end(blank):
    assert blank.evaluate(COVERED, [44100, 44100, [[0, 0, 10000], [0, 40000, 44100]]]) == [False, False]


@pytest.mark.parametrize(("gaps", "count"), [([], 0), ([0.05], 1), ([0.05, 0.2], 2), ([0.002], 0), ([60.0], 0)])
def test_a_gap_in_the_audio_clock_is_a_glitch_but_bursts_and_sleep_are_not(blank, gaps, count):
    ticks, now = [], 0.0
    for block in range(10 * 44100 // 128):
        burst = 3 * (block % 4)
        if gaps and block % 1000 == 999:
            now += 1000 * gaps.pop()
        ticks.append([128 * block, now + burst])
        now += 1000 * 128 / 44100
    assert blank.evaluate(UNDERRUNS, [44100, ticks]) == count
