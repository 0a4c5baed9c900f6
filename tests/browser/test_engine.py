"""What comes out of the mixer, sample by sample, with and without an audio thread."""

import numpy as np
import pytest

from tests.browser import rendering

pytestmark = pytest.mark.browser

KINDS = ["worklet", "chunks"]
RATES = [44100, 96000]
SECOND = 44100
PASSAGE = [
    [1000, {"do": "play", "sound": 0}],
    [7000, {"do": "play", "sound": 1}],
    [13000, {"do": "pause"}],
    [18000, {"do": "play"}],
    [23000, {"do": "seek", "position": 30000}],
    [28000, {"do": "play", "sound": 0}],
    [28100, {"do": "play", "sound": 1}],
    [33000, {"do": "loop", "region": [20000, 42050]}],
    [90000, {"do": "loop", "region": None}],
]
"""Every transition: start, switch, pause, go on, seek, a change of mind within a fade, loop edges, the natural end."""


@pytest.fixture(scope="module")
def blank(browser):
    """Return a page from which our modules can be imported."""
    with rendering.modules() as address:
        page = browser.new_page()
        page.goto(address)
        yield page
        page.close()


@pytest.fixture(params=KINDS)
def render(request, blank):
    """Return a function (sounds, commands at samples, length) → Rendering, of the mixer in each of its places."""

    def rendered(sounds, rehearsed, frames=SECOND, rate=44100, peak=1.0):
        return rendering.render(blank, request.param, sounds, rehearsed, frames=frames, rate=rate, peak=peak)

    return rendered


def fade(rate: int) -> int:
    return round(0.005 * rate + 1e-9)


def sine(frequency: float, frames: int = SECOND) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(frames) / 44100 + 1.0)


def noise(seed: int, frames: int = SECOND) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, frames)


def ramp(frames: int = SECOND) -> np.ndarray:
    return np.linspace(0.1, 0.5, frames)


def dips(heard: np.ndarray, full: float = 1.0) -> list[int]:
    """Return the length of each run of samples below `full`, without the silence before and after the sound."""
    sounding = np.flatnonzero(heard == full)
    gaps = np.diff(sounding) - 1
    return gaps[gaps > 0].tolist()


@pytest.mark.parametrize("rate", RATES)
def test_a_switch_is_a_dip_of_ten_milliseconds_with_silence_in_its_middle(render, rate):
    ones = np.ones(rate)
    out = render([ones, ones], [[0, {"do": "play", "sound": 0}], [9000, {"do": "play", "sound": 1}]], rate=rate)
    [dip] = dips(out.heard)
    assert 9.5 <= 1000 * dip / rate <= 10.5
    [turn] = out.frames("switch")
    assert out.heard[turn - 1] == 0
    assert out.heard[turn - fade(rate) - 1] == out.heard[turn + fade(rate)] == 1


@pytest.mark.parametrize("command", [{"do": "seek", "position": 20000}, {"do": "seek", "position": 0}])
def test_a_seek_is_a_dip_of_ten_milliseconds_too(render, command):
    out = render([np.ones(SECOND)], [[0, {"do": "play", "sound": 0}], [9000, command]])
    [dip] = dips(out.heard)
    assert 9.5 <= 1000 * dip / 44100 <= 10.5
    assert len(out.frames("seek")) == 1


def test_start_and_pause_are_raised_cosines_of_five_milliseconds(render):
    out = render([np.ones(SECOND)], [[0, {"do": "play", "sound": 0}], [9000, {"do": "pause"}]])
    expected = (1 - np.cos(np.pi * np.arange(1, fade(44100) + 1) / fade(44100))) / 2
    [start], [stop] = out.frames("play"), out.frames("pause")
    np.testing.assert_allclose(out.heard[start : start + expected.size], expected, atol=1e-6)
    np.testing.assert_allclose(out.heard[stop - expected.size : stop], 1 - expected, atol=1e-6)
    assert np.all(out.heard[stop:] == 0)


def test_two_sounds_are_never_heard_at_once(render):
    out = render([np.ones(SECOND), -np.ones(SECOND)], [[0, {"do": "play"}], [9000, {"do": "play", "sound": 1}]])
    [start], [turn] = out.frames("play"), out.frames("switch")
    assert np.all(out.heard[start : turn - 1] > 0)
    assert np.all(out.heard[turn : turn + 10000] < 0)


@pytest.mark.parametrize("sounds", [(sine(440), sine(554)), (noise(1), noise(2))], ids=["sines", "noise"])
def test_no_transition_makes_a_larger_step_than_the_sound_itself(render, sounds):
    out = render(sounds, PASSAGE, 4 * SECOND)
    own = max(np.abs(np.diff(sound)).max() for sound in sounds)
    assert np.abs(np.diff(out.heard)).max() <= own + 1e-3
    assert np.count_nonzero(out.heard) > SECOND
    assert {event["did"] for event in out.events} == {"play", "switch", "pause", "seek", "loop", "end", "span"}


def test_all_sounds_share_one_position_to_the_sample(render):
    ramp = np.linspace(0.1, 0.9, SECOND)
    out = render([ramp, -ramp], [[100, {"do": "play", "sound": 0}], [9000, {"do": "play", "sound": 1}]], 30000)
    [start], [turn] = out.frames("play"), out.frames("switch")
    steady = np.r_[start + fade(44100) : turn - fade(44100) - 1, turn + fade(44100) : 30000]
    np.testing.assert_allclose(np.abs(out.heard[steady]), ramp[steady - start], atol=1e-6)


def test_the_natural_end_fades_out_and_stops(render):
    out = render([np.ones(8000)], [[0, {"do": "loop", "region": None}], [0, {"do": "play", "sound": 0}]])
    [start], [end] = out.frames("play"), out.frames("end")
    assert end - start == 8000
    assert out.heard[end - 1] == 0
    assert out.heard[end - 1 - fade(44100)] == 1
    assert np.all(out.heard[end:] == 0)


def test_a_loop_goes_round_its_region_and_is_at_least_half_a_second(render):
    ramp = np.linspace(0.1, 0.9, SECOND)
    commands = [[0, {"do": "loop", "region": [4000, 5000]}], [0, {"do": "play", "sound": 0}]]
    out = render([ramp], commands, 2 * SECOND)
    assert out.heard.max() == pytest.approx(ramp[4000 + SECOND // 2 - fade(44100)], abs=2e-3)
    silent = np.flatnonzero(out.heard[SECOND:] == 0)
    assert silent.size
    assert np.all(np.diff(silent) == SECOND // 2)
    [loop] = [event for event in out.events if event["did"] == "loop"]
    assert loop["region"] == [4000, 4000 + SECOND // 2]


def test_16_bit_sounds_are_heard_exactly(render):
    samples = np.random.default_rng(5).integers(-(2**15), 2**15, SECOND).astype(np.int16)
    out = render([samples], [[0, {"do": "play", "sound": 0}]], 20000)
    [start] = out.frames("play")
    steady = slice(start + fade(44100), 20000)
    np.testing.assert_array_equal(out.heard[steady], samples[fade(44100) : 20000 - start] / np.float32(2**15))


@pytest.mark.parametrize("full", [1, 2**15], ids=["floats", "16 bits"])
def test_a_sample_beyond_the_peak_is_silence_from_there_on_and_its_sound_is_not_played_again(render, full):
    good, bad = ramp(), ramp()
    bad[9000] = -0.75
    sounds = [(full * sound).astype(np.int16 if full > 1 else np.float32) for sound in (good, bad)]
    commands = [
        [0, {"do": "play", "sound": 1}],
        [20480, {"do": "play", "sound": 1}],
        [22528, {"do": "play", "sound": 0}],
    ]
    out = render(sounds, commands, 40000, peak=0.5)
    [fault] = [event for event in out.events if event["did"] == "fault"]
    start, again = out.frames("play")
    assert (fault["sound"], fault["position"], fault["frame"]) == (1, 9000, start + 9000)
    assert out.heard[fault["frame"] - 1] > 0
    assert np.all(out.heard[fault["frame"] : again] == 0)
    assert again > 22000
    assert np.all(out.heard[again:] >= 0)
    assert out.heard[again + 1000] > 0
    assert np.abs(out.heard).max() <= 0.5
    span = next(event for event in out.events if event["did"] == "span")
    assert (span["sound"], span["position"], span["until"]) == (1, 0, 9000)


def test_what_is_not_a_number_is_never_heard_either(render):
    bad = ramp()
    bad[9000:] = np.nan
    out = render([bad], [[0, {"do": "play", "sound": 0}]], peak=0.5)
    assert len(out.frames("fault")) == 1
    assert np.all(np.isfinite(out.heard))


def test_a_sound_up_to_its_peak_passes_to_the_last_bit(render):
    samples = np.random.default_rng(6).integers(-12345, 12346, SECOND).astype(np.int16)
    samples[5000:5002] = [-12345, 12345]
    out = render([samples], [[0, {"do": "play", "sound": 0}]], 20000, peak=12345 / 2**15)
    [start] = out.frames("play")
    steady = slice(start + fade(44100), 20000)
    np.testing.assert_array_equal(out.heard[steady], samples[fade(44100) : 20000 - start] / np.float32(2**15))
    assert not out.frames("fault")


def test_without_a_peak_nothing_is_played(blank):
    with pytest.raises(Exception, match="is no peak"):
        rendering.render(blank, "chunks", [noise(1)], [], frames=10, rate=44100, peak=None)


def test_what_was_heard_is_told_span_by_span(render):
    commands = [[0, {"do": "play", "sound": 0}], [9000, {"do": "play", "sound": 1}], [20000, {"do": "pause"}]]
    out = render([noise(1), noise(2)], commands)
    first, second = (event for event in out.events if event["did"] == "span")
    assert (first["sound"], first["position"], second["sound"]) == (0, 0, 1)
    assert first["until"] == second["position"]
    assert second["until"] - first["position"] == out.frames("pause")[0] - out.frames("play")[0]


def test_a_command_is_obeyed_within_a_tenth_of_a_second_without_an_audio_thread(blank):
    commands = [[0, {"do": "play", "sound": 0}], [20480, {"do": "play", "sound": 1}]]
    out = rendering.render(blank, "chunks", [noise(1), noise(2)], commands, frames=SECOND, rate=44100)
    [turn] = out.frames("switch")
    assert 0 < (turn - fade(44100) - 20480) / 44100 < 0.04


def test_after_a_gap_without_an_audio_thread_the_sound_rises_again_and_the_gap_is_counted(blank):
    late = rendering.CHUNKS.replace("at += 4096", "at += 40960")
    argument = {"rate": 44100, "frames": 2 * SECOND, "peak": 1, "rehearsed": [[0, {"do": "play", "sound": 0}]]}
    out = rendering.Rendering(blank.evaluate(late, argument | {"sounds": [rendering.packed(np.ones(2 * SECOND))]}))
    assert out.glitches >= 1
    again = np.flatnonzero((out.heard[:-1] == 0) & (out.heard[1:] > 0))[-1]
    assert out.heard[again + 1] < 1e-3
    assert out.heard[again + fade(44100)] == 1


def test_sounds_of_different_lengths_are_refused(blank):
    with pytest.raises(Exception, match="one length"):
        rendering.render(blank, "chunks", [[0.0, 0.0], [0.0]], [], frames=10, rate=44100)
