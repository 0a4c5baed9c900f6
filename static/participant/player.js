// The sounds of one trial, from their addresses to the ear: loaded, played, listened to, and all of it noted.

import { Coverage } from "./coverage.js";
import { dropShared, sharedEngine } from "./engine.js";
import { load } from "./sounds.js";
import { Stretches } from "./stretches.js";

const HEARD_TOLERANCE_SECONDS = 0.05; // what was heard on another page is counted as the server counts it
const FAULT = Object.freeze({ unproved: 1, beyondPeak: 2 });

/**
 * Emits "state" (`detail`: the mixer's state), "heard" (`detail`: {sound}) once a sound has been heard as the rules ask,
 * and "fault" when it refuses to play one.
 */
export class Player extends EventTarget {
  #pageData;
  #loaders;
  #log;
  #listeners = new AbortController();
  #engine = null;
  #coverage = null;
  #stretches = new Stretches();
  #heard = new Set();
  #glitches = 0;
  #proved = false;

  /** `pageData`: what the server told of this trial; `loaders` for its sounds; `log`: an EventLog. */
  constructor({ pageData, loaders, log }) {
    super();
    [this.#pageData, this.#loaders, this.#log] = [pageData, loaders, log];
  }

  /** Load every sound, or reject; may be tried again. The engine checks itself while the sounds are on their way. */
  async load({ signal, onprogress }) {
    const { sounds: urls, rate, peak } = this.#pageData;
    const loading = load(urls, { rate, signal, onprogress, loaders: this.#loaders });
    loading.catch((error) => this.#refuse(error));
    const [engine, sounds] = await Promise.all([sharedEngine(this.#pageData), loading]);
    signal.throwIfAborted();
    this.#listen(engine);
    this.#prove();
    const { length } = sounds[0][0];
    engine.take(sounds, peak);
    this.seconds = length / rate;
    if (!this.#coverage) this.#recall(new Coverage({ length, rate }));
  }

  /** Leave the engine to the next trial. */
  leave() {
    this.#listeners.abort();
  }

  /** Let go of the sounds and of the sound card. */
  drop() {
    this.leave();
    dropShared();
    this.#loaders.drop();
  }

  /** Load the sounds of the next page, now that those of this page are here. */
  loadAhead() {
    this.#loaders.ahead(this.#pageData.ahead);
  }

  /** What each sound goes by: the end of its address. */
  get tokens() {
    return this.#pageData.sounds.map(token);
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
    this.#engine?.seek(seconds * this.#pageData.rate);
  }

  /** Repeat [from, to) in seconds, or play to the end for null. */
  loop(region) {
    this.#engine?.loop(region && region.map((seconds) => seconds * this.#pageData.rate));
  }

  /** Note that the rating of `sound` was moved to `score`, with the frame that was heard then. */
  rated(sound, score) {
    this.#engine?.mark({ kind: "rate", sound: this.tokens[sound], value: score });
  }

  #listen(engine) {
    this.#listeners.abort();
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    engine.addEventListener("state", ({ detail }) => this.#onState(detail), { signal });
    engine.addEventListener("event", ({ detail }) => this.#note(detail), { signal });
    [this.#engine, this.#glitches] = [engine, engine.glitches];
  }

  /** Note, once a page, that every sound is here as it was stored: a loader hands over no other. */
  #prove() {
    if (!this.#proved) this.#log.prove({ kind: "proved", value: this.#pageData.sounds.length });
    this.#proved = true;
  }

  #refuse({ unproved, url }) {
    if (unproved) this.#log.prove({ kind: "fault", sound: token(url), value: FAULT.unproved });
  }

  /** What was heard on this trial's page before it was loaded again has been heard. */
  #recall(coverage) {
    const { heard, rate } = this.#pageData;
    this.#coverage = coverage;
    this.tokens.forEach((token, sound) => {
      if (!heard[token]) return;
      const { seconds, whole } = heard[token];
      coverage.recall(sound, { samples: seconds * rate, whole });
      if (this.#enough(sound, HEARD_TOLERANCE_SECONDS * rate)) this.#count(sound);
    });
  }

  #onState(state) {
    const now = this.#stretches.underWay(state.clock);
    if (now && !this.#heard.has(now.sound) && this.#enough(now.sound, now.to - now.from)) {
      this.#hear(this.#stretches.cut(state.clock));
    }
    this.#emit("state", state);
  }

  #note(event) {
    const { did, sound, position, frame, detail, region } = event;
    const ended = this.#stretches.onEvent(event);
    if (did === "span") return ended.to > ended.from && this.#hear(ended);
    if (did === "mark") return this.#log.put({ ...detail, frame });
    if (did === "fault") return this.#fault(sound, frame);
    const seconds = (samples) => samples / this.#pageData.rate;
    if (did === "loop") {
      const [value, until] = region ? region.map(seconds) : [null, null];
      return this.#log.put({ kind: "loop", frame, value, until });
    }
    this.#log.put({ kind: did, sound: this.tokens[sound], frame, value: seconds(position) });
    return this.#countGlitches(frame);
  }

  /** Note a stretch that was played, and what follows from it: at once, so that it counts whatever becomes of the page. */
  #hear({ sound, from, to, frame }) {
    const { rate } = this.#pageData;
    const own = { sound: this.tokens[sound], frame };
    this.#log.put({ kind: "heard", ...own, value: from / rate, until: to / rate });
    if (this.#coverage.add(sound, from, to)) this.#log.prove({ kind: "whole", ...own });
    if (this.#heard.has(sound) || !this.#enough(sound)) return;
    this.#log.flushNow();
    this.#count(sound);
  }

  #count(sound) {
    this.#heard.add(sound);
    this.#emit("heard", { sound });
  }

  /** Whether `sound` has been heard as the rules ask, with `more` samples besides what is noted. */
  #enough(sound, more = 0) {
    const { rules, rate } = this.#pageData;
    if (rules.to_end) return this.#coverage.whole(sound);
    return this.#coverage.samples(sound) + more >= Math.min(rules.heard_seconds, this.seconds) * rate;
  }

  #fault(sound, frame) {
    this.#log.prove({ kind: "fault", sound: this.tokens[sound], frame, value: FAULT.beyondPeak });
    this.#emit("fault", { sound });
  }

  #countGlitches(frame) {
    const found = this.#engine.glitches - this.#glitches;
    if (found <= 0) return;
    this.#glitches += found;
    this.#log.put({ kind: "glitch", frame, value: found });
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function token(url) {
  return url.split("/").pop();
}
