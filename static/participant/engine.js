// The trial's sounds, playing: one mixer, in the audio thread, or on this thread where AudioWorklet is missing
// (an old browser, or a page that came over plain http) or does not render exactly.

import { Chunks } from "./chunks.js";
import { rendersExactly } from "./selfcheck.js";

export class NotExact extends Error {}

/**
 * Emits "state" events whose `detail` is the mixer's state, and "event" events: what took effect, and at which frame.
 * Owns its AudioContext, which runs at the sounds' rate, so that nothing is resampled before the sound card.
 */
export class Engine extends EventTarget {
  #context;
  #output;
  #rate;
  #glitches = 0;

  /** Return an engine that has passed its self-check, with `sounds` if given; rejects with `NotExact` if it has not. */
  static async make({ rate, worklet, sounds = null }) {
    const engine = new Engine();
    engine.#rate = rate;
    engine.#context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    const kind = await exactKind(engine.#context, { rate, worklet });
    const tell = (news) => engine.#tell(news);
    if (kind === "worklet") engine.#output = await threaded(engine.#context, { rate, worklet }, tell);
    else engine.#output = new Chunks(engine.#context, rate, tell);
    if (sounds) engine.take(sounds.map((channels) => channels.map((channel) => channel.slice())));
    return engine;
  }

  /** Take the sounds (channels of Float32Arrays or Int16Arrays each), which are the audio thread's from here. */
  take(sounds) {
    this.#output.take(sounds);
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

  #tell({ event, state, glitches }) {
    if (glitches !== undefined) this.#glitches = glitches;
    if (event) this.dispatchEvent(new CustomEvent("event", { detail: event }));
    if (state) this.dispatchEvent(new CustomEvent("state", { detail: state }));
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

async function threaded(context, { rate, worklet }, tell) {
  await context.audioWorklet.addModule(worklet);
  let node = null;
  const take = (sounds) => {
    node = new AudioWorkletNode(context, "mixer", {
      numberOfInputs: 0, outputChannelCount: [sounds[0].length], processorOptions: { rate },
    });
    node.port.onmessage = ({ data }) => tell(data);
    node.port.postMessage({ do: "take", sounds }, sounds.flat().map(({ buffer }) => buffer));
    node.connect(context.destination);
  };
  return { kind: "worklet", take, send: (command) => node?.port.postMessage(command) };
}
