// How much of each of a trial's sounds has been heard: for how long, whatever part of it, and whether all of it, in
// however many pieces and whatever order. Pure.

const GAP_SECONDS = 0.01; // a fade

export class Coverage {
  #length;
  #gap;
  #samples = new Map();
  #spans = new Map();

  /** `length` in samples, `rate` in Hz. */
  constructor({ length, rate }) {
    this.#length = length;
    this.#gap = GAP_SECONDS * rate;
  }

  /** `sound` was heard from sample `from` up to `to`; return whether that was all that had been missing. */
  add(sound, from, to) {
    const before = this.#spans.get(sound) ?? [];
    const after = joined([...before, [from, to]], this.#gap);
    this.#samples.set(sound, this.samples(sound) + to - from);
    this.#spans.set(sound, after);
    return this.#all(after) && !this.#all(before);
  }

  /** `sound` was heard before, for so many `samples`, and perhaps the `whole` of it. */
  recall(sound, { samples, whole }) {
    this.#samples.set(sound, this.samples(sound) + samples);
    if (whole) this.#spans.set(sound, [[0, this.#length]]);
  }

  /** For how many samples `sound` has been heard: the same second twice is two. */
  samples(sound) {
    return this.#samples.get(sound) ?? 0;
  }

  /** Whether every part of `sound` has been heard. */
  whole(sound) {
    return this.#all(this.#spans.get(sound) ?? []);
  }

  #all([first, second]) {
    return Boolean(first) && !second && first[0] <= this.#gap && first[1] >= this.#length - this.#gap;
  }
}

/** Return the spans in order, those that touch made one. */
function joined(spans, gap) {
  const all = [];
  for (const [from, to] of spans.sort((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last && from <= last[1] + gap) last[1] = Math.max(last[1], to);
    else all.push([from, to]); // a copy: the spans given stay as they are
  }
  return all;
}
