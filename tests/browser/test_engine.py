"""What comes out of the mixer, sample by sample, rendered offline in Chromium; and the ways round a weak browser."""

import base64
import re

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from tests.browser.conftest import READY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RATE = 44100
FADE = round(0.005 * RATE + 1e-9)
BYTES = """
const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
const text = (floats) => btoa(Array.from(new Uint8Array(floats.buffer), (b) => String.fromCharCode(b)).join(""));
"""
RENDER = f"""async ({{rate, frames, sounds, rehearsed}}) => {{{BYTES}
  const context = new OfflineAudioContext(1, frames, rate);
  await context.audioWorklet.addModule("/static/participant/mixer.worklet.js");
  const node = new AudioWorkletNode(context, "mixer", {{
    numberOfInputs: 0, outputChannelCount: [1],
    processorOptions: {{rate, rehearsed, sounds: sounds.map((sound) => [floats(sound)])}},
  }});
  node.connect(context.destination);
  return text((await context.startRendering()).getChannelData(0));
}}"""
CHUNKED = f"""async ({{rate, frames, sounds, rehearsed}}) => {{{BYTES}
  const {{Mixer}} = await import("/static/participant/mixer.js");
  const mixer = new Mixer({{rate, sounds: sounds.map((sound) => [floats(sound)])}});
  const out = new Float32Array(frames);
  let done = 0;
  for (const [at, command] of [...rehearsed, [frames, {{do: "pause"}}]]) {{
    if (at > done) mixer.render([out.subarray(done, at)]);
    done = at;
    mixer.obey(command);
  }}
  return text(out);
}}"""
DECODE = f"""async (file) => {{{BYTES}
  const {{decodeFlac}} = await import("/static/participant/flac.js");
  const {{rate, channels}} = decodeFlac(Uint8Array.from(atob(file), (c) => c.charCodeAt(0)).buffer);
  return {{rate, channels: channels.map(text)}};
}}"""


def packed(samples) -> str:
    return base64.b64encode(np.asarray(samples, dtype="<f4").tobytes()).decode()


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


@pytest.fixture
def render(live_server, page):
    """Return a function (sounds, commands at samples, length) → what is heard."""
    page.goto(live_server.url)

    def rendered(sounds, rehearsed, frames=RATE, script=RENDER):
        argument = {
            "rate": RATE,
            "frames": frames,
            "rehearsed": rehearsed,
            "sounds": [packed(sound) for sound in sounds],
        }
        return unpacked(page.evaluate(script, argument))

    return rendered


def sine(frequency: float, frames: int = RATE) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(frames) / RATE + 1.0)


def noise(seed: int, frames: int = RATE) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, frames)


PASSAGE = [
    [1000, {"do": "play", "sound": 0}],
    [5000, {"do": "play", "sound": 1}],
    [9000, {"do": "pause"}],
    [12000, {"do": "play"}],
    [15000, {"do": "seek", "position": 30000}],
    [18000, {"do": "play", "sound": 0}],
    [18100, {"do": "play", "sound": 1}],
    [21000, {"do": "loop", "region": [30000, 52050]}],
]
"""Every transition: start, switch, pause, go on, seek, a change of mind within a fade, loop edges."""


def test_a_switch_is_a_dip_of_ten_milliseconds_with_silence_in_its_middle(render):
    heard = render(
        [np.ones(RATE), np.ones(RATE)], [[0, {"do": "play", "sound": 0}], [9000, {"do": "play", "sound": 1}]]
    )
    dip = np.flatnonzero(heard[2000:20000] < 1)
    assert 9.5 <= 1000 * dip.size / RATE <= 10.5
    assert np.all(np.diff(dip) == 1)
    assert heard[2000 + dip].min() == 0


def test_the_fade_is_a_raised_cosine_of_five_milliseconds(render):
    heard = render([np.ones(RATE)], [[0, {"do": "play", "sound": 0}]])
    expected = (1 - np.cos(np.pi * np.arange(1, FADE + 1) / FADE)) / 2
    np.testing.assert_allclose(heard[:FADE], expected, atol=1e-6)


def test_two_sounds_are_never_heard_at_once(render):
    heard = render(
        [np.ones(RATE), -np.ones(RATE)], [[0, {"do": "play", "sound": 0}], [9000, {"do": "play", "sound": 1}]]
    )
    silent = np.flatnonzero(heard[2000:] == 0)[0] + 2000
    assert np.all(heard[2000:silent] > 0)
    assert np.all(heard[silent + 1 : 20000] < 0)


@pytest.mark.parametrize("sounds", [(sine(440), sine(554)), (noise(1), noise(2))], ids=["sines", "noise"])
def test_no_transition_makes_a_larger_step_than_the_sound_itself(render, sounds):
    heard = render(sounds, PASSAGE, 3 * RATE)
    own = max(np.abs(np.diff(sound)).max() for sound in sounds)
    assert np.abs(np.diff(heard)).max() <= own + 1e-3
    assert np.count_nonzero(heard) > RATE


def test_all_sounds_share_one_position_to_the_sample(render):
    ramp = np.linspace(0.1, 0.9, RATE)
    heard = render([ramp, -ramp], [[100, {"do": "play", "sound": 0}], [9000, {"do": "play", "sound": 1}]], 30000)
    steady = np.r_[1000:9000, 10000:30000]
    np.testing.assert_allclose(np.abs(heard[steady]), ramp[steady - 100], atol=1e-6)


def test_the_natural_end_fades_out_and_stops(render):
    heard = render([np.ones(8000)], [[0, {"do": "play", "sound": 0}], [0, {"do": "loop", "region": None}]])
    assert heard[7999] == 0
    assert heard[7999 - FADE] == 1
    assert np.all(heard[8000:] == 0)


def test_a_loop_goes_round_its_region_and_is_at_least_half_a_second(render):
    ramp = np.linspace(0.1, 0.9, RATE)
    heard = render([ramp], [[0, {"do": "loop", "region": [4000, 5000]}], [0, {"do": "play", "sound": 0}]], 2 * RATE)
    assert heard.max() == pytest.approx(ramp[4000 + RATE // 2 - FADE], abs=2e-3)
    late = heard[RATE:]
    assert late.min() == 0
    dips = np.flatnonzero(late == 0)
    assert np.all(np.diff(dips) == RATE // 2)


def test_the_mixer_sounds_the_same_with_and_without_an_audio_thread(render):
    sounds = [noise(3), noise(4)]
    threaded = render(sounds, PASSAGE, 2 * RATE)
    chunked = render(sounds, PASSAGE, 2 * RATE, script=CHUNKED)
    np.testing.assert_array_equal(threaded, chunked)


def test_sounds_of_different_lengths_are_refused(live_server, page):
    page.goto(live_server.url)
    with pytest.raises(Exception, match="one length"):
        page.evaluate(CHUNKED, {"rate": RATE, "frames": 10, "rehearsed": [], "sounds": [packed([0, 0]), packed([0])]})


def test_without_an_audio_thread_the_same_page_plays_in_chunks(page, live_server, study):
    page.add_init_script("Object.defineProperty(BaseAudioContext.prototype, 'audioWorklet', {get() {}})")
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="I am ready").click()
    page.wait_for_selector(READY)
    assert page.locator("listening-trial").get_attribute("data-engine") == "chunks"
    page.keyboard.press("1")
    expect(page.locator("play-bar output")).to_have_text(re.compile(r"0\.[2-4] / 0\.5 s"))
    page.keyboard.press(" ")
    expect(page.locator("listening-trial")).not_to_have_attribute("data-playing", "")


def test_a_file_that_the_browser_cannot_decode_is_decoded_all_the_same(page, live_server, study):
    page.add_init_script("BaseAudioContext.prototype.decodeAudioData = async () => { throw new Error('no') }")
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="I am ready").click()
    page.wait_for_selector(READY)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
@pytest.mark.parametrize("channels", [1, 2])
def test_our_own_decoder_is_bit_exact(page, live_server, tmp_path, subtype, channels):
    rng = np.random.default_rng(channels)
    page.goto(live_server.url)
    walk = np.cumsum(rng.normal(size=(9001, 1)), axis=0) * 1e-3 + 1e-4 * rng.normal(size=(9001, channels))
    square = np.sign(rng.normal(size=(5000, channels)))
    for samples in (walk, square, np.zeros((5000, channels)), rng.uniform(-1, 1, (5000, channels))):
        path = tmp_path / "sound.flac"
        soundfile.write(path, samples, 48000, subtype=subtype)
        decoded = page.evaluate(DECODE, base64.b64encode(path.read_bytes()).decode())
        expected, _ = soundfile.read(path, dtype="float32", always_2d=True)
        assert decoded["rate"] == 48000
        np.testing.assert_array_equal(np.stack([unpacked(text) for text in decoded["channels"]], axis=1), expected)
