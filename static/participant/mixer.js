// The transport of one trial, in integer samples: which sound is heard, where, and how loudly at this very sample.
//
// All sounds share one position. Whatever is asked for happens in silence: the level falls to 0, the change is made,
// the level rises again. There is one sound at a time by construction, so nothing can ever cross-fade. A request that
// comes while the level falls or rises turns it round where it is. Pure: the same code runs in the audio thread, on
// the main thread where there is no AudioWorklet, and in tests.

import { raisedCosine } from "./envelope.js";

export const SHORTEST_LOOP_SECONDS = 0.5;

export class Mixer {
  #sounds;
  #length;
  #gains;
  #top;
  #shortest;
  #level = 0;
  #running = false;
  #wanted = false;
  #sound = 0;
  #next = 0;
  #position = 0;
  #seek = null;
  #loop = null;
  #clock = 0;

  /** `sounds`: for each sound its channels, Float32Arrays all of one length. Throws RangeError if they do not fit. */
  constructor({ rate, sounds }) {
    const [first] = sounds;
    for (const sound of sounds) {
      if (sound.length !== first.length || sound.some((channel) => channel.length !== first[0].length)) {
        throw new RangeError("the sounds of a trial have one length and one number of channels");
      }
    }
    this.#sounds = sounds;
    this.#length = first[0].length;
    this.#gains = raisedCosine(rate);
    this.#top = this.#gains.length - 1;
    this.#shortest = Math.min(this.#length, Math.round(SHORTEST_LOOP_SECONDS * rate));
    this.onchange = () => {};
  }

  /** What is heard and where, in samples; `clock` counts the samples rendered so far. */
  get state() {
    return {
      playing: this.#wanted,
      sound: this.#next,
      position: this.#seek ?? this.#position,
      length: this.#length,
      loop: this.#loop,
      clock: this.#clock,
    };
  }

  /** Carry out `{do: "play", sound?}`, `{do: "pause"}`, `{do: "seek", position}` or `{do: "loop", region}`. */
  obey(command) {
    this[command.do](command);
  }

  /** Play `sound` (or the one chosen last) from the shared position. */
  play({ sound = this.#next } = {}) {
    if (!(sound in this.#sounds)) throw new RangeError(`there is no sound ${sound}`);
    this.#next = sound;
    this.#wanted = true;
    if (!this.#running) this.#turn();
  }

  pause() {
    this.#wanted = false;
  }

  seek({ position }) {
    this.#seek = Math.min(Math.max(0, Math.round(position)), this.#length - 1);
    if (!this.#running) this.#turn();
  }

  /** Repeat `region` [start, end) in samples, made at least half a second long; null: play to the natural end. */
  loop({ region }) {
    this.#loop = region && this.#longEnough(...region.map(Math.round));
    this.onchange();
  }

  /** Fill `channels` (one Float32Array for each output channel) with the next samples. */
  render(channels) {
    const frames = channels[0].length;
    for (let frame = 0; frame < frames; frame += 1) {
      const gain = this.#running ? this.#step() : 0;
      const sound = this.#sounds[this.#sound];
      for (let c = 0; c < channels.length; c += 1) {
        channels[c][frame] = gain && gain * sound[Math.min(c, sound.length - 1)][this.#position];
      }
      this.#clock += 1;
      if (this.#running) this.#advance();
    }
  }

  /** Move the level by one sample, so that it is 0 at the last sample before an edge; return the gain. */
  #step() {
    const left = this.#edge() - this.#position - 1;
    if (this.#mustFall() || this.#level > left) this.#level = Math.max(0, this.#level - 1);
    else if (this.#level < this.#top && this.#level < left) this.#level += 1;
    return this.#gains[this.#level];
  }

  #advance() {
    this.#position += 1;
    if (this.#level === 0 && (this.#mustFall() || this.#position >= this.#edge())) this.#turn();
  }

  /** In silence: make the change that was asked for, or go back at an edge. */
  #turn() {
    this.#sound = this.#next;
    if (this.#seek !== null) {
      this.#position = this.#seek;
      this.#seek = null;
    } else if (this.#loop && this.#position >= this.#loop[1]) {
      [this.#position] = this.#loop;
    } else if (this.#position >= this.#length) {
      this.#position = 0;
      this.#wanted = false;
    }
    this.#running = this.#wanted;
    this.onchange();
  }

  #mustFall() {
    const past = this.#loop !== null && this.#position >= this.#loop[1];
    return !this.#wanted || past || this.#seek !== null || this.#next !== this.#sound;
  }

  /** Where the sound must have become silent: the end of the loop, or of the sound. */
  #edge() {
    return this.#loop !== null && this.#position < this.#loop[1] ? this.#loop[1] : this.#length;
  }

  #longEnough(start, end) {
    const stop = Math.min(this.#length, Math.max(end, start + this.#shortest));
    return [Math.max(0, Math.min(start, stop - this.#shortest)), stop];
  }
}
