"""From the server to the ear: decoding, loading ahead, the self-check, and the ways round a weak browser."""

import re

import numpy as np
import pytest
import soundfile
from django.core.signals import request_started
from playwright.sync_api import expect

from listening.models import Session, Stimulus
from listening.participant import parcel
from listening.stimuli.proof import measured
from lossmodel import audio
from tests import builders
from tests.browser import pages
from tests.browser.conftest import READY
from tests.browser.pages import rate
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOADED = """async ({rate}) => {
  const {load} = await import("/static/participant/sounds.js");
  const [[channel]] = await load(["/sound"], {rate, signal: new AbortController().signal});
  return {kind: channel.constructor.name, samples: Array.from(channel)};
}"""
CHECKED = """async ([kind, rate]) => {
  const {rendersExactly} = await import("/static/participant/selfcheck.js");
  return rendersExactly(kind, {rate, worklet: "/static/participant/mixer.worklet.js"});
}"""
NO_WORKER = {
    "none": "delete globalThis.Worker",
    "broken": "Worker = class extends Worker { constructor() { super('/nothing-here.js', {type: 'module'}); } }",
}
IN_ORDER = """
globalThis.order = [];
Worker = class extends Worker {
  constructor(...its) {
    super(...its);
    this.addEventListener("message", () => order.push("a worker runs"), {once: true});
  }
};
AudioContext = class extends AudioContext {
  constructor(...its) {
    order.push("sound card");
    super(...its);
  }
};
"""
NO_WORKLET = "Object.defineProperty(BaseAudioContext.prototype, 'audioWorklet', {get() {}})"
FETCHED_AHEAD = """() => [...document.querySelectorAll("link[rel=prefetch]")]
  .every(({href}) => performance.getEntriesByName(href).length)"""
LOUDER = """
const render = OfflineAudioContext.prototype.startRendering;
OfflineAudioContext.prototype.startRendering = async function () {
  const buffer = await render.call(this);
  buffer.getChannelData(0).forEach((sample, n, all) => (all[n] = 1.0001 * sample));
  return buffer;
};
"""


def read(page, live_server, study):
    """Read the instructions until all they fetch ahead is there."""
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="I am ready").wait_for()
    page.wait_for_function(FETCHED_AHEAD)


def go(page, live_server, study):
    """Go to the first trial, the instructions read."""
    read(page, live_server, study)
    page.get_by_role("button", name="I am ready").click()


@pytest.mark.parametrize("kind", ["worklet", "chunks"])
@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000])
def test_this_browser_passes_the_self_check_at_any_rate(page, live_server, kind, rate):
    page.goto(live_server.url)
    assert page.evaluate(CHECKED, [kind, rate])


@pytest.mark.parametrize("kind", ["worklet", "chunks"])
def test_a_browser_that_alters_the_sound_by_a_ten_thousandth_fails_the_self_check(page, live_server, kind):
    page.add_init_script(LOUDER)
    page.goto(live_server.url)
    assert not page.evaluate(CHECKED, [kind, 44100])


def test_where_nothing_renders_exactly_the_page_says_so_calmly_and_nothing_can_be_rated(page, live_server, study):
    page.add_init_script(LOUDER)
    go(page, live_server, study)
    expect(page.locator("form.next .message")).to_contain_text("This browser cannot play the sounds exactly.")
    expect(page.get_by_role("button", name="Play 1")).to_be_disabled()
    assert not page.locator("stimulus-column input:enabled").count()
    until(lambda: Session.objects.get().client.get("exact") is False)


def test_without_an_audio_thread_the_same_page_plays_in_chunks(page, live_server, study):
    page.add_init_script(NO_WORKLET)
    go(page, live_server, study)
    page.wait_for_selector(READY)
    assert page.locator("listening-trial").get_attribute("data-engine") == "chunks"
    shown = pages.passing(page, "play-bar output")
    page.keyboard.press("1")
    until(lambda: re.search(r"0\.[2-4] / 0\.5 s", "\n".join(shown())))
    page.keyboard.press(" ")
    expect(page.locator("listening-trial")).not_to_have_attribute("data-playing", "")


@pytest.mark.parametrize("without", NO_WORKER)
def test_where_no_worker_starts_the_page_loads_the_sounds_itself(page, live_server, study, without):
    page.add_init_script(NO_WORKER[without])
    go(page, live_server, study)
    page.wait_for_selector(READY)
    assert not page.workers


def test_the_sound_card_is_looked_for_once_every_worker_runs(page, live_server, study):
    page.add_init_script(IN_ORDER)
    go(page, live_server, study)
    page.wait_for_selector(READY)
    workers = min(4, page.evaluate("navigator.hardwareConcurrency"))
    assert page.evaluate("order").index("sound card") == workers


@pytest.mark.parametrize(("subtype", "kind"), [("PCM_16", "Int16Array"), ("PCM_24", "Float32Array")])
def test_what_is_loaded_is_bit_exact_and_16_bits_take_half_the_memory(page, live_server, tmp_path, subtype, kind):
    path = tmp_path / "sound.flac"
    soundfile.write(path, np.random.default_rng(3).uniform(-1, 1, 9000), 44100, subtype=subtype)
    proof, file = measured(path), path.read_bytes()
    body = parcel.sealed(file, token="sound", crc32=proof.crc32, size=parcel.size_for(len(file)))
    page.route("**/sound", lambda route: route.fulfill(body=body))
    page.goto(live_server.url)
    loaded = page.evaluate(LOADED, {"rate": 44100})
    assert loaded["kind"] == kind
    expected, _ = soundfile.read(path, dtype="int16" if kind == "Int16Array" else "float32")
    np.testing.assert_array_equal(np.array(loaded["samples"]), expected)


@pytest.fixture
def asked():
    """Return the paths of sounds that the server is asked for, as they come."""
    paths = []

    def note(environ, **_more):
        if "/audio/" in environ["PATH_INFO"]:
            paths.append(environ["PATH_INFO"])

    request_started.connect(note)
    yield paths
    request_started.disconnect(note)


def test_the_first_trial_is_on_its_way_while_the_instructions_are_read(page, live_server, study, asked):
    read(page, live_server, study)
    first = set(asked)
    page.get_by_role("button", name="I am ready").click()
    page.wait_for_selector(READY)
    own = page.evaluate("JSON.parse(document.getElementById('page-data').textContent).sounds")
    assert set(own) <= first
    assert sorted(path for path in asked if path in own) == sorted(own)


def test_the_next_trial_is_there_before_it_is_asked_for(page, live_server, study, asked):
    go(page, live_server, study)
    page.wait_for_selector(READY)
    until(lambda: len(asked) >= 10)
    page.wait_for_load_state("networkidle")
    ahead = page.evaluate("JSON.parse(document.getElementById('page-data').textContent).ahead")
    assert len(ahead) == 5
    assert len(asked) == len(set(asked)) == 10
    assert set(ahead) <= set(asked)
    for number in range(1, 5):
        rate(page, number, "End")
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".progress span")).to_have_text("Trial 2 of 2")
    page.wait_for_selector(READY)
    assert len(asked) == 10
    assert page.evaluate("JSON.parse(document.getElementById('page-data').textContent).ahead") == []


def test_a_silent_stimulus_is_played_and_counts_as_heard(live_server, page, study, tmp_path):
    silence = audio.Audio(np.zeros_like(builders.tone().samples), builders.RATE)
    row = Stimulus.objects.get(condition__name="system0")
    Stimulus.objects.filter(pk=row.pk).update(audio=builders.stored(silence, "silence", tmp_path))
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="I am ready").click()
    page.wait_for_selector(READY)
    slot = Session.objects.get().trials.first().slots.get(stimulus=row)
    page.get_by_role("button", name=f"Play {slot.position + 1}", exact=True).click()
    until(lambda: slot.events.filter(kind__in=["heard", "whole"]).exists())
    assert not slot.events.filter(kind="fault").exists()
