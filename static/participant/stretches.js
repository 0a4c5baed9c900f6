// What is being played, stretch by stretch, from what the mixer tells: the one under way is known up to now. Pure.
// A stretch is {sound, from, to, frame}: samples of the sound, and the frame of the audio at which it ended.

export class Stretches {
  #now = null;
  #loop = null;
  #ended = -1;

  /** Take an event of the mixer; return the stretch that ended with it, or null. */
  onEvent({ did, sound, position, until, frame, region }) {
    if (did === "loop") this.#loop = region;
    if (did === "play" || did === "switch") this.#begin(sound, position, frame);
    if (did === "seek" && frame === this.#ended) this.#begin(sound, position, frame);
    if (did === "pause" || did === "end" || did === "fault") this.#now = null;
    return did === "span" ? this.#end({ sound, position, until, frame }) : null;
  }

  /** Return the stretch under way as it is at the mixer's `clock`, or null. */
  underWay(clock) {
    if (!this.#now) return null;
    const { sound, from, frame } = this.#now;
    return { sound, from, to: from + clock - frame, frame: clock };
  }

  /** End the stretch under way at `clock`, and begin the next one there; return it. */
  cut(clock) {
    const ended = this.underWay(clock);
    this.#begin(ended.sound, ended.to, clock);
    return ended;
  }

  #begin(sound, from, frame) {
    this.#now = { sound, from, frame };
  }

  /** What was cut off has been told of. At the end of a loop it goes on at its beginning, unless the mixer says else. */
  #end({ sound, position, until, frame }) {
    const from = this.#now?.from ?? position;
    this.#now = null;
    this.#ended = frame;
    if (this.#loop && until >= this.#loop[1]) this.#begin(sound, this.#loop[0], frame);
    return { sound, from, to: until, frame };
  }
}
