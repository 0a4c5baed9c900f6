// The sounds of one trial, from their addresses to the ear: loaded, played, listened to, and all of it noted.

import { Coverage } from "./coverage.js";
import { Engine } from "./engine.js";
import { load } from "./sounds.js";

/**
 * Emits "state" (`detail`: the mixer's state) and "heard" (`detail`: {sound, whole}) when a sound is first heard, and
 * again, `whole`, once all of it has been.
 */
export class Player extends EventTarget {
  #urls;
  #rate;
  #worklet;
  #loaders;
  #log;
  #making = null;
  #engine = null;
  #coverage = null;
  #heard = new Set();
  #glitches = 0;

  /** `urls` of the sounds in order; `loaders` for them; `rate` in Hz; `worklet`: the mixer's module; `log`: an EventLog. */
  constructor({ urls, loaders, rate, worklet, log }) {
    super();
    [this.#urls, this.#loaders, this.#rate, this.#worklet, this.#log] = [urls, loaders, rate, worklet, log];
  }

  /** Load every sound, or reject; may be tried again. The engine checks itself while the sounds are on their way. */
  async load({ signal, onprogress }) {
    this.#making ??= Engine.make({ rate: this.#rate, worklet: this.#worklet });
    this.#making.catch(() => (this.#making = null));
    const loading = load(this.#urls, { rate: this.#rate, signal, onprogress, loaders: this.#loaders });
    const [engine, sounds] = await Promise.all([this.#making, loading]);
    this.#coverage = new Coverage({ length: sounds[0][0].length, rate: this.#rate });
    this.seconds = sounds[0][0].length / this.#rate;
    engine.addEventListener("state", ({ detail }) => this.#tell("state", detail));
    engine.addEventListener("event", ({ detail }) => this.#note(detail));
    engine.take(sounds);
    this.#engine = engine;
  }

  /** Let go of the sounds and of the sound card. */
  drop() {
    this.#making?.then((engine) => engine.drop(), () => {}); // one that could not be made has nothing to let go of
    this.#making = null;
    this.#loaders.drop();
  }

  /** Bring the sounds of the next page into the browser's cache, now that those of this page are here; the last to load. */
  async loadAhead(urls) {
    await this.#loaders.fetchAhead(urls).catch(() => {}); // the page was left, and they are asked for again on their own
    this.#loaders.drop();
  }

  /** What each sound goes by: the end of its address. */
  get tokens() {
    return this.#urls.map((url) => url.split("/").pop());
  }

  /** What the session keeps about browser and sound; `exact` tells whether it has passed the self-check. */
  get report() {
    return this.#engine?.report ?? { exact: false };
  }

  get kind() {
    return this.#engine.kind;
  }

  play(sound) {
    this.#engine.play(sound);
  }

  pause() {
    this.#engine?.pause();
  }

  /** Go to `seconds`. */
  seek(seconds) {
    this.#engine?.seek(seconds * this.#rate);
  }

  /** Repeat [from, to) in seconds, or play to the end for null. */
  loop(region) {
    this.#engine?.loop(region && region.map((seconds) => seconds * this.#rate));
  }

  /** Note that the rating of `sound` was moved to `score`, with the frame that was heard then. */
  rated(sound, score) {
    this.#engine?.mark({ kind: "rate", sound: this.tokens[sound], value: score });
  }

  #note({ did, sound, position, frame, detail, region, until }) {
    const seconds = (samples) => samples / this.#rate;
    if (did === "span") return this.#hear(sound, this.#coverage.add(sound, position, until), frame);
    if (did === "mark") return this.#log.put({ ...detail, frame });
    if (did === "loop") {
      const [value, end] = region ? region.map(seconds) : [null, null];
      return this.#log.put({ kind: "loop", frame, value, until: end });
    }
    this.#log.put({ kind: did, sound: this.tokens[sound], frame, value: seconds(position) });
    if (did === "play" || did === "switch") this.#hear(sound, false, frame);
    return this.#count(frame);
  }

  /** What has been heard is stored at once, so that it still counts after a reload. */
  #hear(sound, whole, frame) {
    if (!whole && this.#heard.has(sound)) return;
    this.#heard.add(sound);
    if (whole) this.#log.put({ kind: "whole", sound: this.tokens[sound], frame });
    this.#log.flush();
    this.#tell("heard", { sound, whole });
  }

  #count(frame) {
    const found = this.#engine.glitches - this.#glitches;
    if (found <= 0) return;
    this.#glitches += found;
    this.#log.put({ kind: "glitch", frame, value: found });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
