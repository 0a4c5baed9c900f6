// The transport of one trial, in integer samples: which sound is heard, where, and how loudly at this very sample.
//
// All sounds share one position. Whatever is asked for happens in silence: the level falls to 0, the change is made,
// the level rises again. There is one sound at a time by construction, so nothing can ever cross-fade. A request that
// comes while the level falls or rises turns it round where it is. A sample larger than any that was stored for the trial
// is never heard: there is silence at once, and the sound is not played again. Pure: the same code runs in the audio thread, on
// the main thread where there is no AudioWorklet, and in tests.

import { raisedCosine } from "./envelope.js";

export const SHORTEST_LOOP_SECONDS = 0.5;
const FULL_SCALE_16 = 1 / 32768;

export class Mixer {
  #sounds;
  #scale;
  #most;
  #length;
  #gains;
  #top;
  #shortest;
  #now = {
    level: 0, running: false, wanted: false, sound: 0, next: 0, position: 0, since: 0, seek: null, loop: null, clock: 0,
    refused: [],
  };

  /**
   * `sounds`: for each its channels, all of one length: Float32Arrays, or Int16Arrays of 16-bit samples; `peak`: the largest
   * sample that was stored among them, 0 to 1. RangeError for anything else.
   */
  constructor({ rate, sounds, peak }) {
    if (!Number.isFinite(peak) || peak < 0 || peak > 1) throw new RangeError(`${peak} is no peak`);
    const [first] = sounds;
    for (const sound of sounds) {
      if (sound.length !== first.length || sound.some((channel) => channel.length !== first[0].length)) {
        throw new RangeError("the sounds of a trial have one length and one number of channels");
      }
    }
    this.#sounds = sounds;
    this.#scale = sounds.map(([channel]) => (channel instanceof Int16Array ? FULL_SCALE_16 : 1));
    this.#most = this.#scale.map((scale) => (peak + FULL_SCALE_16) / scale);
    this.#length = first[0].length;
    this.#gains = raisedCosine(rate);
    this.#top = this.#gains.length - 1;
    this.#shortest = Math.min(this.#length, Math.round(SHORTEST_LOOP_SECONDS * rate));
    this.onchange = () => {};
    this.onevent = () => {};
  }

  /** What is heard and where, in samples; `clock` counts the samples rendered so far. */
  get state() {
    const { wanted, next, seek, position, loop, clock } = this.#now;
    return { playing: wanted, sound: next, position: seek ?? position, length: this.#length, loop, clock };
  }

  /** Where everything stands, to come back to by `restore`. */
  snapshot() {
    return { ...this.#now };
  }

  restore(snapshot) {
    this.#now = { ...snapshot };
  }

  /** Carry out `{do: "play", sound?}`, `{do: "pause"}`, `{do: "seek", position}`, `{do: "loop", region}` or a mark. */
  dispatch(command) {
    this[command.do](command);
  }

  /** Play `sound` (or the one chosen last) from the shared position. */
  play({ sound = this.#now.next } = {}) {
    if (!(sound in this.#sounds)) throw new RangeError(`there is no sound ${sound}`);
    if (this.#now.refused.includes(sound)) return;
    this.#now.next = sound;
    this.#now.wanted = true;
    if (!this.#now.running) this.#commit();
  }

  pause() {
    this.#now.wanted = false;
  }

  seek({ position }) {
    this.#now.seek = Math.min(Math.max(0, Math.round(position)), this.#length - 1);
    if (!this.#now.running) this.#commit();
  }

  /** Repeat `region` [start, end) in samples, made at least half a second long; null: play to the natural end. */
  loop({ region }) {
    this.#now.loop = region && this.#longEnough(...region.map(Math.round));
    this.#emit("loop", { region: this.#now.loop });
    this.onchange();
  }

  /** Say at which frame this came, and nothing else: for what happens on the page, such as a slider that moves. */
  mark({ detail }) {
    this.#emit("mark", { detail });
  }

  /** The output broke off before this sample: rise from silence again. */
  broken() {
    this.#now.level = 0;
  }

  /** Fill `channels` (one Float32Array for each output channel) with the next samples. */
  render(channels) {
    const now = this.#now;
    const frames = channels[0].length;
    for (let frame = 0; frame < frames; frame += 1) {
      if (now.running && this.#beyond(now)) this.#refuse(now);
      const gain = now.running ? this.#step(now) * this.#scale[now.sound] : 0;
      const sound = this.#sounds[now.sound];
      for (let c = 0; c < channels.length; c += 1) {
        channels[c][frame] = gain && gain * sound[Math.min(c, sound.length - 1)][now.position];
      }
      now.clock += 1;
      if (now.running) this.#advance(now);
    }
  }

  /** Whether a sample at the position is larger than any that was stored, or none at all. */
  #beyond({ sound, position }) {
    const [channels, most] = [this.#sounds[sound], this.#most[sound]];
    for (let c = 0; c < channels.length; c += 1) if (!(Math.abs(channels[c][position]) <= most)) return true;
    return false;
  }

  /** Be silent from this sample on, and say so; the sound is not played again. */
  #refuse(now) {
    const { sound, since, position } = now;
    const refused = [...now.refused, sound];
    Object.assign(now, { level: 0, running: false, wanted: false, refused });
    this.#emit("span", { position: since, until: position });
    this.#emit("fault");
    this.onchange();
  }

  /** Move the level by one sample, so that it is 0 at the last sample before an edge; return the gain. */
  #step(now) {
    const left = this.#edge() - now.position - 1;
    if (this.#mustFall() || now.level > left) now.level = Math.max(0, now.level - 1);
    else if (now.level < this.#top && now.level < left) now.level += 1;
    return this.#gains[now.level];
  }

  #advance(now) {
    now.position += 1;
    if (now.level === 0 && (this.#mustFall() || now.position >= this.#edge())) this.#commit();
  }

  /** In silence: make the change that was asked for, or go back at an edge; then say what took effect. */
  #commit() {
    const now = this.#now;
    const { running: ran, sound: was, position: left, since } = now;
    now.sound = now.next;
    const moved = this.#move();
    now.running = now.wanted;
    now.since = now.position;
    if (ran) this.#emit("span", { sound: was, position: since, until: left });
    if (moved === "end") this.#emit("end", { sound: was, position: left });
    if (moved === "seek") this.#emit("seek");
    if (now.running && !ran) this.#emit("play");
    if (ran && !now.running && moved !== "end") this.#emit("pause", { sound: was, position: left });
    if (ran && now.running && now.sound !== was) this.#emit("switch");
    this.onchange();
  }

  /** Bring the position to where it must be; return why, if it was moved. */
  #move() {
    const now = this.#now;
    if (now.seek !== null) {
      [now.position, now.seek] = [now.seek, null];
      return "seek";
    }
    if (now.loop && now.position >= now.loop[1]) {
      [now.position] = now.loop;
      return "round";
    }
    if (now.position < this.#length) return null;
    now.position = 0;
    now.wanted = false;
    return "end";
  }

  #emit(did, more = {}) {
    const { sound, position, clock } = this.#now;
    this.onevent({ did, sound, position, frame: clock, ...more });
  }

  #mustFall() {
    const { wanted, loop, position, seek, next, sound } = this.#now;
    return !wanted || (loop !== null && position >= loop[1]) || seek !== null || next !== sound;
  }

  /** Where the sound must have become silent: the end of the loop, or of the sound. */
  #edge() {
    const { loop, position } = this.#now;
    return loop !== null && position < loop[1] ? loop[1] : this.#length;
  }

  #longEnough(start, end) {
    const stop = Math.min(this.#length, Math.max(end, start + this.#shortest));
    return [Math.max(0, Math.min(start, stop - this.#shortest)), stop];
  }
}
