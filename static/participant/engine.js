// The trial's sounds, playing: one mixer, in the audio thread, or on this thread where AudioWorklet is missing
// (an old browser, or a page that came over plain http).

import { Chunks } from "./chunks.js";

/** Emits "state" events whose `detail` is the mixer's state. Owns its AudioContext, which runs at the sounds' rate. */
export class Engine extends EventTarget {
  #context;
  #output;

  /** Return an engine for `sounds` (channels of Float32Arrays each); rejects if this browser has no Web Audio. */
  static async make({ rate, sounds, worklet }) {
    const engine = new Engine();
    engine.#context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    const tell = (detail) => engine.dispatchEvent(new CustomEvent("state", { detail }));
    if (engine.#context.audioWorklet) {
      await engine.#context.audioWorklet.addModule(worklet);
      engine.#output = threaded(engine.#context, { rate, sounds }, tell);
    } else {
      engine.#output = new Chunks(engine.#context, { rate, sounds }, tell);
    }
    return engine;
  }

  get kind() {
    return this.#output.kind;
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

  async drop() {
    this.#output.send({ do: "drop" });
    await this.#context.close();
  }
}

function threaded(context, { rate, sounds }, tell) {
  const node = new AudioWorkletNode(context, "mixer", {
    numberOfInputs: 0,
    outputChannelCount: [sounds[0].length],
    processorOptions: { rate, sounds },
  });
  node.port.onmessage = ({ data }) => tell(data);
  node.connect(context.destination);
  return { kind: "worklet", send: (command) => node.port.postMessage(command) };
}
