"""What comes out of the mixer, rendered offline in a browser: in the audio thread, or in chunks without one."""

import base64
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np

BYTES = """
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
const decoded = ({kind, data}) => data.map((text) => new {f4: Float32Array, i2: Int16Array}[kind](bytes(text)));
const text = (floats) => {
  let binary = "";
  for (const byte of new Uint8Array(floats.buffer)) binary += String.fromCharCode(byte);
  return btoa(binary);
};
"""
WORKLET = f"""async ({{rate, frames, sounds, rehearsed, peak}}) => {{{BYTES}
  const context = new OfflineAudioContext(1, frames, rate);
  await context.audioWorklet.addModule("/static/participant/mixer.worklet.js");
  const node = new AudioWorkletNode(context, "mixer", {{
    numberOfInputs: 0, outputChannelCount: [1], processorOptions: {{rate, rehearsed}},
  }});
  const [taken, events] = [new Promise((resolve) => node.port.onmessage = resolve), []];
  node.port.postMessage({{do: "take", sounds: sounds.map(decoded), peak}});
  node.connect(context.destination);
  await taken;
  node.port.onmessage = ({{data}}) => data.event && events.push(data.event);
  const heard = (await context.startRendering()).getChannelData(0);
  const told = new Promise((resolve) => node.port.onmessage = ({{data: {{event}}}}) => {{
    if (event?.did === "mark" && event.detail === "all told") resolve();
    else if (event) events.push(event);
  }});
  node.port.postMessage({{do: "mark", detail: "all told"}});
  await told;
  return {{heard: text(heard), events, origin: 0}};
}}"""
CHUNKS = f"""async ({{rate, frames, sounds, rehearsed, peak}}) => {{{BYTES}
  const {{Chunks}} = await import("/static/participant/chunks.js");
  const context = new OfflineAudioContext(1, frames, rate);
  const events = [];
  const chunks = new Chunks(context, rate, ({{event}}) => event && events.push(event));
  const every = globalThis.setInterval;
  globalThis.setInterval = () => 0;  // filled at the stops alone: how busy this thread is makes no difference
  chunks.take(sounds.map(decoded), peak);
  globalThis.setInterval = every;
  const stops = new Map();
  for (let at = 0; at < frames; at += 4096) stops.set(at, []);
  for (const [at, command] of rehearsed) {{
    const stop = 128 * Math.ceil(at / 128);
    stops.set(stop, [...stops.get(stop) ?? [], command]);
  }}
  for (const [at, commands] of stops) {{
    const obey = () => {{ for (const command of commands) chunks.send(command); chunks.fill(); context.resume(); }};
    if (at) context.suspend((at - 64) / rate).then(obey);
    else commands.forEach((command) => chunks.send(command));
  }}
  const heard = (await context.startRendering()).getChannelData(0);
  chunks.fill();
  chunks.send({{do: "drop"}});
  return {{heard: text(heard), events, origin: chunks.origin, glitches: chunks.glitches}};
}}"""
SCRIPTS = {"worklet": WORKLET, "chunks": CHUNKS}


ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def modules(files: Path = ROOT):
    """Yield the address of a server of the static files (an audio worklet takes no less) and `files` as /files/."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_parts):
            """Say nothing."""

        def end_headers(self):
            """Let everything be kept, as the site does."""
            self.send_header("Cache-Control", "max-age=3600")
            super().end_headers()

        def translate_path(self, path):
            """Return the file that stands for `path`."""
            return str(files / path.split("/")[-1]) if path.startswith("/files/") else super().translate_path(path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=ROOT))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/static/icon.svg"
    server.shutdown()
    thread.join()
    server.server_close()


class Rendering:
    """What was heard (mono), the events by frames of the output, and how often the sound broke off."""

    def __init__(self, answer: dict) -> None:
        self.heard = unpacked(answer["heard"])
        self.events = [{**event, "frame": event["frame"] + answer["origin"]} for event in answer["events"]]
        self.glitches = answer.get("glitches", 0)

    def frames(self, *kinds: str) -> list[int]:
        """Return when events of these kinds took effect."""
        return [event["frame"] for event in self.events if event["did"] in kinds]


def render(page, kind: str, sounds, rehearsed, *, frames: int, rate: int, peak: float = 1.0) -> Rendering:
    """Render `sounds` (each one channel) under commands at samples, with the mixer called `kind`; see it for `peak`."""
    packed_sounds = [packed(sound) for sound in sounds]
    argument = {"rate": rate, "frames": frames, "rehearsed": rehearsed, "sounds": packed_sounds, "peak": peak}
    return Rendering(page.evaluate(SCRIPTS[kind], argument))


def packed(samples) -> dict:
    samples = np.asarray(samples)
    kind = "i2" if samples.dtype == np.int16 else "f4"
    return {"kind": kind, "data": [base64.b64encode(samples.astype(f"<{kind}").tobytes()).decode()]}


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype="<f4")
