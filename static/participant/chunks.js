// The same mixer without an audio thread: rendered here in chunks, half a second ahead of time, as buffer sources that
// start one after another on whole samples. A command takes back the chunks that have not begun, so it is heard with
// the next of them; and a main thread that is busy for less than half a second is not heard at all.

import { Mixer } from "./mixer.js";

const CHUNK_FRAMES = 1024;
const AHEAD_SECONDS = 0.5;
const GUARD_SECONDS = 0.01;
const FILL_INTERVAL_MS = 25;

export class Chunks {
  kind = "chunks";
  glitches = 0;
  /** The context's frame at which the mixer's frame 0 is heard. */
  origin = 0;
  #context;
  #rate;
  #emit;
  #mixer = null;
  #channels = 1;
  #timer = null;
  #waiting = [];
  #heard = null;
  #events = [];
  #next = null;

  /** `emit` is given {event} and {state} as they come to be heard. */
  constructor(context, rate, emit) {
    this.#context = context;
    this.#rate = rate;
    this.#emit = emit;
  }

  /** Take the sounds, and the largest sample that was stored among them. */
  take(sounds, peak) {
    this.#channels = sounds[0].length;
    this.#mixer = new Mixer({ rate: this.#rate, sounds, peak });
    this.#mixer.onevent = (event) => this.#events.push(event);
    this.#timer = setInterval(() => this.fill(), FILL_INTERVAL_MS);
  }

  /** Obey a mixer's command, or {do: "drop"}. */
  send(command) {
    if (command.do === "drop") return clearInterval(this.#timer);
    if (command.do === "mark") return this.#mark(command);
    this.#takeBack();
    this.#mixer.dispatch(command);
    return this.fill();
  }

  /** Make chunks until half a second of sound waits, and say what has begun to be heard. */
  fill() {
    const now = this.#frame();
    const late = this.#next !== null && this.#next < now;
    if (late) {
      this.glitches += 1;
      this.#mixer.broken();
    }
    if (late || this.#next === null) {
      this.#next = now + this.#guard();
      this.origin = this.#next - this.#mixer.state.clock;
    }
    while (this.#next < now + AHEAD_SECONDS * this.#rate) this.#queue();
    this.#news(now);
  }

  #queue() {
    const [asked, before] = [this.#events, this.#mixer.snapshot()];
    this.#events = [];
    const buffer = this.#context.createBuffer(this.#channels, CHUNK_FRAMES, this.#rate);
    this.#mixer.render(Array.from({ length: this.#channels }, (_, c) => buffer.getChannelData(c)));
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#context.destination);
    source.start(this.#next / this.#rate);
    const { state } = this.#mixer;
    this.#waiting.push({ start: this.#next, source, asked, before, events: [...asked, ...this.#events], state });
    this.#events = [];
    this.#next += CHUNK_FRAMES;
  }

  /** Take back what has not begun and can still be stopped; the mixer then stands where it stood before that. */
  #takeBack() {
    const safe = this.#frame() + this.#guard();
    const first = this.#waiting.findIndex(({ start }) => start >= safe);
    if (first < 0) return;
    const back = this.#waiting.splice(first);
    for (const { source } of back) {
      source.disconnect();
      source.stop();
    }
    this.#mixer.restore(back[0].before);
    this.#events = back[0].asked;
    this.#next = back[0].start;
  }

  #news(now) {
    const before = this.#heard;
    while (this.#waiting.length && this.#waiting[0].start <= now) {
      this.#heard = this.#waiting.shift();
      for (const event of this.#heard.events) this.#emit({ event });
    }
    if (this.#heard !== before) this.#emit({ state: this.#heard.state, glitches: this.glitches });
  }

  #mark({ detail }) {
    const { start = 0, before = this.#mixer.snapshot() } = this.#heard ?? {};
    const frame = before.clock + Math.min(CHUNK_FRAMES, Math.max(0, this.#frame() - start));
    this.#emit({ event: { did: "mark", detail, frame, sound: before.sound, position: before.position } });
  }

  #frame() {
    return Math.ceil(this.#context.currentTime * this.#rate);
  }

  /** What the audio thread may have begun by the time it learns of a change: one of its own buffers, and a little. */
  #guard() {
    return Math.ceil((GUARD_SECONDS + (this.#context.baseLatency || 0)) * this.#rate);
  }
}
