// The trial's sounds, playing: one mixer, in the audio thread, or on this thread where AudioWorklet is missing
// (an old browser, or a page that came over plain http) or does not render exactly.

import { Chunks } from "./chunks.js";
import { rendersExactly } from "./selfcheck.js";

export class NotExact extends Error {}

let shared = null;

/** Return the engine of this document, made and checked once; it goes from trial to trial, as long as `rate` stays. */
export function sharedEngine({ rate, worklet }) {
  if (shared?.rate !== rate) dropShared();
  shared ??= { rate, making: Engine.make({ rate, worklet }) };
  const { making } = shared;
  making.catch(() => shared?.making === making && (shared = null));
  return making;
}

/** Let go of it; one that could not be made has nothing to let go of. */
export function dropShared() {
  shared?.making.then((engine) => engine.drop(), () => {});
  shared = null;
}

/**
 * Emits "state" events whose `detail` is the mixer's state, and "event" events: what took effect, and at which frame.
 * Owns its AudioContext, which runs at the sounds' rate, so that nothing is resampled before the sound card.
 */
export class Engine extends EventTarget {
  #context;
  #output;
  #rate;
  #glitches = 0;
  #counted = 0;

  /** Return an engine that has passed its self-check, with `sounds` and their `peak` if given; rejects with `NotExact` if it has not. */
  static async make({ rate, worklet, sounds = null, peak }) {
    const engine = new Engine();
    engine.#rate = rate;
    engine.#context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    const kind = await exactKind(engine.#context, { rate, worklet });
    const emit = (news) => engine.#emit(news);
    const output = kind === "worklet" ? threaded : chunked;
    engine.#output = await output(engine.#context, { rate, worklet }, emit);
    if (sounds) engine.take(sounds.map((channels) => channels.map((channel) => channel.slice())), peak);
    return engine;
  }

  /**
   * Take the sounds (channels of Float32Arrays or Int16Arrays each), which are the audio thread's from here; what is
   * beyond `peak`, the largest sample that was stored, is not played. What it had before is let go.
   */
  take(sounds, peak) {
    this.#output.take(sounds, peak);
  }

  get kind() {
    return this.#output.kind;
  }

  /** What the session keeps about how it was heard. `latency` in seconds, 0 until the sound has begun. */
  get report() {
    const { outputLatency = 0, baseLatency = 0, sampleRate, playbackStats } = this.#context;
    const counted = playbackStats ? "browser" : "clock";
    return { engine: this.kind, exact: true, rate: sampleRate, latency: outputLatency || baseLatency, counted };
  }

  /** How often the sound broke off. */
  get glitches() {
    return this.#context.playbackStats?.underrunEvents ?? this.#glitches;
  }

  /** Play `sound`, or go on where it was paused. Call it from a gesture: a context may only start there. */
  play(sound) {
    this.#context.resume();
    this.#output.send(sound === undefined ? { do: "play" } : { do: "play", sound });
  }

  pause() {
    this.#output.send({ do: "pause" });
  }

  /** Go to `position`, in samples. */
  seek(position) {
    this.#output.send({ do: "seek", position });
  }

  /** Repeat `region`, [start, end) in samples, or play to the end for null. */
  loop(region) {
    this.#output.send({ do: "loop", region });
  }

  /** Have `detail` come back as an event, with the frame at which the audio stood. */
  mark(detail) {
    this.#output.send({ do: "mark", detail });
  }

  async drop() {
    this.#output?.send({ do: "drop" });
    if (this.#context.state !== "closed") await this.#context.close();
  }

  #emit({ event, state, glitches }) {
    if (glitches !== undefined) this.#count(glitches);
    if (event) this.dispatchEvent(new CustomEvent("event", { detail: event }));
    if (state) this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  /** Whoever counts for new sounds begins at 0 again. */
  #count(glitches) {
    this.#glitches += Math.max(0, glitches - this.#counted);
    this.#counted = glitches;
  }
}

async function exactKind(context, { rate, worklet }) {
  const kinds = context.audioWorklet ? ["worklet", "chunks"] : ["chunks"];
  for (const kind of context.sampleRate === rate ? kinds : []) {
    if (await rendersExactly(kind, { rate, worklet }).catch(() => false)) return kind;
  }
  await context.close();
  throw new NotExact(`this browser does not render exactly at ${rate} Hz`);
}

/** One node plays trial after trial; sounds with another number of channels get another one. */
async function threaded(context, { rate, worklet }, emit) {
  await context.audioWorklet.addModule(worklet);
  let [node, width] = [null, 0];
  const replace = (channels) => {
    node?.port.postMessage({ do: "drop" });
    node?.disconnect();
    const options = { numberOfInputs: 0, outputChannelCount: [channels], processorOptions: { rate } };
    [node, width] = [new AudioWorkletNode(context, "mixer", options), channels];
    node.port.onmessage = ({ data }) => emit(data);
    node.connect(context.destination);
  };
  const take = (sounds, peak) => {
    if (width !== sounds[0].length) replace(sounds[0].length);
    node.port.postMessage({ do: "take", sounds, peak }, sounds.flat().map(({ buffer }) => buffer));
  };
  return { kind: "worklet", take, send: (command) => node?.port.postMessage(command) };
}

function chunked(context, { rate }, emit) {
  let chunks = null;
  const take = (sounds, peak) => {
    chunks?.send({ do: "drop" });
    chunks = new Chunks(context, rate, emit);
    chunks.take(sounds, peak);
  };
  return { kind: "chunks", take, send: (command) => chunks?.send(command) };
}
