// Before anything is rated: does this browser render what our mixer says? A known passage (start, then a switch between
// two ramps) is rendered offline, by the same code that will play the trial, and compared with what it must be.

import { Chunks } from "./chunks.js";
import { FADE_SECONDS } from "./envelope.js";

const TOLERANCE = 1e-6;
const FADES_RENDERED = 24;

/** Return whether the mixer called `kind` ("worklet" or "chunks") renders the passage exactly at `rate` in Hz. */
export async function rendersExactly(kind, { rate, worklet }) {
  const fade = Math.max(1, Math.round(FADE_SECONDS * rate));
  const frames = FADES_RENDERED * fade;
  const context = new OfflineAudioContext(1, frames, rate);
  const ramp = Float32Array.from({ length: frames }, (_, n) => (n + 1) / frames);
  const sounds = [[ramp], [ramp.map((sample) => -sample)]];
  const render = kind === "worklet" ? threaded : inChunks;
  const { heard, play, turn } = await render(context, { rate, sounds, fade, worklet });
  return heard.every((sample, n) => Math.abs(sample - expected(n, { play, turn, fade, frames })) <= TOLERANCE);
}

/** The passage in closed form: silent before `play`, silent at the sample before `turn`, raised cosines around both. */
function expected(n, { play, turn, fade, frames }) {
  if (n < play) return 0;
  const left = n < turn ? Math.min(n - play + 1, turn - 1 - n) : n - turn + 1;
  const gain = (1 - Math.cos((Math.PI * Math.min(fade, left)) / fade)) / 2;
  return (gain * (n < turn ? 1 : -1) * (n - play + 1)) / frames;
}

async function threaded(context, { rate, sounds, fade, worklet }) {
  await context.audioWorklet.addModule(worklet);
  const [play, asked] = [2 * fade, 6 * fade];
  const rehearsed = [[play, { do: "play", sound: 0 }], [asked, { do: "play", sound: 1 }]];
  const node = new AudioWorkletNode(context, "mixer", {
    numberOfInputs: 0, outputChannelCount: [1], processorOptions: { rate, rehearsed },
  });
  const taken = new Promise((resolve) => (node.port.onmessage = resolve));
  node.port.postMessage({ do: "take", sounds, peak: 1 });
  node.connect(context.destination);
  await taken;
  const heard = (await context.startRendering()).getChannelData(0);
  return { heard, play, turn: asked + fade };
}

/** The switch is asked for while the passage plays, where a browser can stop an offline rendering to ask. */
async function inChunks(context, { rate, sounds, fade }) {
  const frames = {};
  const chunks = new Chunks(context, rate, ({ event }) => event && (frames[event.did] = event.frame));
  chunks.take(sounds, 1);
  chunks.send({ do: "play", sound: 0 });
  if (context.suspend) {
    context.suspend((2 * fade) / rate).then(() => {
      chunks.send({ do: "play", sound: 1 });
      context.resume();
    });
  }
  const heard = (await context.startRendering()).getChannelData(0);
  chunks.fill();
  chunks.send({ do: "drop" });
  return { heard, play: chunks.origin + frames.play, turn: chunks.origin + (frames.switch ?? Infinity) };
}
