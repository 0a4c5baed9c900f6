"""What an assessor hears is bit for bit what was stored, or it is not heard."""

import base64

import numpy as np
import pytest
import soundfile

from listening import stimuli
from listening.models import Assessor, Condition, Item, Role, Session
from listening.participant import parcel
from listening.participant.sounds import addresses, hidden_sounds, open_sounds
from listening.participant.trial_page import trial_page
from listening.stimuli.proof import measured
from lossmodel import audio
from tests.browser import recordings, rendering
from tests.browser.conftest import READY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ONE_WORKER = "Object.defineProperty(navigator, 'hardwareConcurrency', {value: 1})"
ONE_AFTER_ANOTHER = """async (names) => {
  const {Loaders} = await import("/static/participant/loaders.js");
  const loaders = new Loaders("/static/participant/sound.js");
  const wrong = {};
  for (const name of names) {
    const {channels} = await loaders.sound(`/files/${name}`, {});
    const stored = new channels[0].constructor(await (await fetch(`/files/${name}.raw`)).arrayBuffer());
    const found = channels.flatMap((channel) => Array.from(channel));
    const differ = found.filter((sample, n) => sample !== stored[n]).length;
    if (differ || found.length !== stored.length) wrong[name] = differ;
  }
  return wrong;
}"""
AT_THE_DESTINATION = f"""async ({{urls, rate, peak, worklet, length, channels}}) => {{{rendering.BYTES}
  const {{load}} = await import("/static/participant/sounds.js");
  const sounds = await load(urls, {{rate, signal: new AbortController().signal}});
  const heard = [];
  for (const sound of sounds) {{
    const context = new OfflineAudioContext(channels, length, rate);
    await context.audioWorklet.addModule(worklet);
    const rehearsed = [[0, {{do: "loop", region: null}}], [0, {{do: "play", sound: 0}}]];
    const node = new AudioWorkletNode(context, "mixer", {{
      numberOfInputs: 0, outputChannelCount: [channels], processorOptions: {{rate, rehearsed}},
    }});
    const taken = new Promise((resolve) => (node.port.onmessage = resolve));
    node.port.postMessage({{do: "take", sounds: [sound], peak}});
    node.connect(context.destination);
    await taken;
    const buffer = await context.startRendering();
    heard.push(Array.from({{length: channels}}, (_, c) => text(buffer.getChannelData(c))));
  }}
  return heard;
}}"""
ASKED = """async ([url, worker]) => {
  const {Loaders} = await import("/static/participant/loaders.js");
  const loaders = new Loaders(worker);
  return loaders.sound(url, {}).then(({channels}) => channels[0].length, ({unproved}) => ({unproved}));
}"""
WORKER = "/static/participant/sound.js"


def sealed(folder, path) -> None:
    """Put the parcel of a FLAC file, and its samples as libsndfile has them, into `folder`."""
    file, samples = path.read_bytes(), audio.read_stored(path)
    body = parcel.sealed(file, token=path.stem, crc32=measured(path).crc32, size=parcel.size_for(len(file)))
    (folder / path.stem).write_bytes(body)
    (folder / f"{path.stem}.raw").write_bytes(samples.astype(samples.dtype.newbyteorder("<")).tobytes())


def test_real_recordings_of_every_kind_are_exact_one_after_another_in_one_worker(browser, tmp_path):
    paths = recordings.written(tmp_path)
    assert len(paths) == len(recordings.KINDS) >= 150
    for path in paths:
        sealed(tmp_path, path)
    with rendering.modules(tmp_path) as address:
        page = browser.new_page()
        page.add_init_script(ONE_WORKER)
        page.goto(address)
        assert page.evaluate(ONE_AFTER_ANOTHER, [path.stem for path in paths]) == {}
        assert len(page.workers) == 1
        page.close()


@pytest.mark.parametrize("sound", ["sine", "noise", "clicks", "silence", "square", "frame marks"])
def test_sounds_that_are_hard_to_decode_are_exact(browser, tmp_path, sound):
    rng, time = np.random.default_rng(1), np.arange(8192) / 44100
    samples = {
        "sine": np.rint(0.05 * 2**15 * np.sin(2 * np.pi * 100 * time)),  # two blocks of one fixed predictor
        "noise": rng.integers(-(2**15), 2**15, 44100),
        "clicks": (2**15 - 1) * (rng.uniform(size=44100) < 1e-3),
        "silence": np.zeros(9000),
        "square": np.where(rng.uniform(size=44100) < 0.5, -(2**15), 2**15 - 1),
        "frame marks": np.frombuffer(b"\xff\xf8\xc9\x18" * 22050, "<i2"),  # what a frame begins with
    }[sound]
    soundfile.write(tmp_path / "a.flac", samples.astype(np.int16), 44100, compression_level=0.0)
    sealed(tmp_path, tmp_path / "a.flac")
    with rendering.modules(tmp_path) as address:
        page = browser.new_page()
        page.goto(address)
        assert page.evaluate(ONE_AFTER_ANOTHER, ["a"]) == {}
        page.close()


@pytest.fixture
def real_study(live_server, tmp_path):
    """Return an open study of four real items: a reference and eight stimuli each; half are of 24 bits, one is soft."""
    made = stimuli.new_study("real", "Real", "mushra", rate=44100, loudness=None, replicates=0)
    roles = [Role.REFERENCE, *[Role.SYSTEM] * 7]
    conditions = [Condition.objects.create(study=made, name=f"c{n}", role=role) for n, role in enumerate(roles)]
    sounds = (audio.with_channels(audio.resample(each, 44100), 2) for each in recordings.excerpts())
    for number in range(4):
        item = Item.objects.create(study=made, name=f"item{number}")
        for place, condition in enumerate(conditions):
            samples = next(one for one in sounds if one.peak > 0.05).samples[:, :17000]
            samples = samples * (0.01 if number == 3 else 1)  # soft ones are coded otherwise: by fixed predictors
            path = tmp_path / f"{number}-{place}.wav"
            soundfile.write(path, samples.T, 44100, subtype="PCM_16" if number % 2 else "PCM_24")
            if place == 0:
                stimuli.admit_reference(item, "vocals", path)
            stimuli.admit(item, condition, path)
    made.open()
    return made


def test_what_reaches_the_destination_is_the_stored_file_for_every_sound_of_a_study(page, live_server, real_study):
    session = Session.objects.begin(real_study, Assessor.objects.create())
    session.consent()
    session.instruct()
    page.goto(live_server.url + session.get_absolute_url())
    page.wait_for_selector(READY)
    compared, fade = 0, 221
    for trial in session.trials.all():
        settings = trial_page(trial).settings
        asked = {name: settings[name] for name in ("rate", "peak", "worklet")}
        heard = page.evaluate(AT_THE_DESTINATION, {**asked, "urls": addresses(trial), "length": 17000, "channels": 2})
        for parts, sound in zip(heard, open_sounds(trial) + hidden_sounds(trial), strict=True):
            stored, _ = soundfile.read(sound.audio.path, dtype="float32")
            found = np.stack([np.frombuffer(base64.b64decode(part), "<f4") for part in parts], axis=1)
            np.testing.assert_array_equal(found[fade:-fade], stored[fade:-fade])
            assert np.all(np.abs(found) <= np.abs(stored))
            compared += 1
    assert compared == 4 * 9


def served(page, answers: list[bytes]) -> list[str]:
    """Answer each request for /sound with the next of `answers`, the last one again and again; return what is asked."""
    asked = []

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(body=answers[min(len(asked), len(answers)) - 1])

    page.route("**/sound", answer)
    return asked


@pytest.fixture
def parcels(tmp_path) -> tuple[bytes, bytes]:
    """Return the parcel of a sound, and one that has its checksum but holds another sound."""
    rng, made = np.random.default_rng(2), []
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.flac", rng.uniform(-0.5, 0.5, 9000), 44100)
        made.append((tmp_path / f"{name}.flac").read_bytes())
    crc32, size = measured(tmp_path / "a.flac").crc32, parcel.size_for(max(map(len, made)))
    whole, other = (parcel.sealed(file, token="sound", crc32=crc32, size=size) for file in made)
    return whole, other


@pytest.mark.parametrize("worker", [WORKER, None], ids=["worker", "page"])
def test_a_sound_that_is_not_the_stored_one_is_fetched_once_more_and_then_refused(page, live_server, parcels, worker):
    asked = served(page, [parcels[1]])
    page.goto(live_server.url)
    assert page.evaluate(ASKED, ["/sound", worker]) == {"unproved": True}
    assert len(asked) == 2


def test_a_sound_that_lies_damaged_in_the_browsers_cache_is_fetched_past_it(browser, parcels, tmp_path):
    whole, other = parcels
    (tmp_path / "sound").write_bytes(other)
    with rendering.modules(tmp_path) as address:
        page = browser.new_page()
        page.goto(address)
        page.evaluate("fetch('/files/sound').then((answer) => answer.arrayBuffer())")
        (tmp_path / "sound").write_bytes(whole)
        kept = page.evaluate(
            "fetch('/files/sound').then(async (answer) => new Uint8Array(await answer.arrayBuffer())[0])"
        )
        assert kept == other[0] != whole[0]
        assert page.evaluate(ASKED, ["/files/sound", WORKER]) == 9000
        page.close()


@pytest.mark.parametrize("damage", ["other sound", "cut short", "no FLAC", "no parcel"])
def test_a_sound_that_came_damaged_once_is_heard_when_it_comes_whole(page, live_server, parcels, damage):
    whole, other = parcels
    first = {"other sound": other, "cut short": whole[:4000], "no FLAC": bytes(len(whole)), "no parcel": b"gone"}[
        damage
    ]
    asked = served(page, [first, whole])
    page.goto(live_server.url)
    assert page.evaluate(ASKED, ["/sound", WORKER]) == 9000
    assert len(asked) == 2


@pytest.mark.parametrize("scales", [(32768, 32768), (32767, 32768), (32767, 32767)])
def test_whatever_a_browser_divides_by_the_samples_are_the_stored_ones(page, live_server, scales):
    page.goto(live_server.url)
    script = """async ([above, below]) => {
      const {exact} = await import("/static/participant/decode.js");
      const stored = Int16Array.from({length: 65536}, (_, n) => n - 32768);
      const floats = Float32Array.from(stored, (sample) => sample / (sample > 0 ? above : below));
      const [found] = exact([floats], 16);
      const between = exact([Float32Array.of(0.5 / 32768, 0.3, 0.1234567)], 16);
      return [found.every((sample, n) => sample === stored[n]), between];
    }"""
    assert page.evaluate(script, scales) == [True, None]
