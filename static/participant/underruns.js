// Glitches where the browser does not count them itself: whenever the audio clock falls behind the clock on the wall,
// the sound has stopped for that long. Blocks are made in bursts, so only the least lag of each half second counts. Pure.

const WINDOW_SECONDS = 0.5;
const SHORTEST_SECONDS = 0.01;
const LONGEST_SECONDS = 2; // longer than that, the device slept

export class Underruns {
  count = 0;
  #rate;
  #least = Infinity;
  #before = Infinity;
  #since = 0;

  constructor(rate) {
    this.#rate = rate;
  }

  /** `frame` samples have been made at `now` (ms). */
  tick(frame, now) {
    this.#least = Math.min(this.#least, now / 1000 - frame / this.#rate);
    if (frame - this.#since < WINDOW_SECONDS * this.#rate) return;
    const stopped = this.#least - this.#before;
    if (stopped > SHORTEST_SECONDS && stopped < LONGEST_SECONDS) this.count += 1;
    [this.#before, this.#least, this.#since] = [this.#least, Infinity, frame];
  }
}
