// Sounds are loaded and decoded beside the page, on as many threads as there are to spare: the page stays free, and the
// megabytes that files and their decoding leave behind go at once with the workers, instead of waiting to be collected.

import { fetchAhead, sound } from "./sound.js";

const MOST = 4;

export class Loaders {
  #hands;
  #begun = new Map();

  /** `script`: the worker's address. Without one, or where no module worker starts, all happens on this thread. */
  constructor(script) {
    const count = script && globalThis.Worker ? Math.min(MOST, navigator.hardwareConcurrency || 2) : 0;
    this.#hands = Array.from({ length: count }, () => new Hand(script));
  }

  /** Begin to load what will be asked for in a moment. */
  begin(urls) {
    for (const url of urls) this.#begun.set(url, this.sound(url, {}));
    for (const [, sound] of this.#begun) sound.catch(() => {}); // it is heard of by whoever asks for it
  }

  /** Return {rate, depth, channels} of the sound at `url`; rejects if it cannot be had, or is none. */
  async sound(url, { signal, again }) {
    const begun = this.#begun.get(url);
    this.#begun.delete(url);
    if (begun) return begun;
    const hand = await this.#free();
    return hand ? (await hand.ask({ url: absolute(url), again })).sound : sound(url, { signal, again });
  }

  /** Bring the sounds at `urls` into the browser's cache. */
  async fetchAhead(urls) {
    const hand = await this.#free();
    return hand ? hand.ask({ ahead: urls.map(absolute) }) : fetchAhead(urls);
  }

  /** Stop whatever is under way. */
  drop() {
    for (const hand of this.#hands) hand.drop();
  }

  /** Return the hand that has least to do; undefined if there is none. */
  async #free() {
    const able = await Promise.all(this.#hands.map((hand) => hand.able));
    const hands = this.#hands.filter((_, place) => able[place]);
    return hands.reduce((least, hand) => (least?.asked <= hand.asked ? least : hand), undefined);
  }
}

/** One worker, and what it has been asked. */
class Hand {
  able;
  #worker;
  #asked = new Map();
  #last = 0;

  constructor(script) {
    this.#worker = new Worker(script, { type: "module" });
    this.able = new Promise((resolve) => {
      this.#worker.onmessage = ({ data }) => (data.id ? this.#answer(data) : resolve(true));
      this.#worker.onerror = () => resolve(false) ?? this.drop();
    });
  }

  get asked() {
    return this.#asked.size;
  }

  ask(question) {
    const id = (this.#last += 1);
    const answered = new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    this.#worker.postMessage({ id, ...question });
    return answered;
  }

  drop() {
    this.able = Promise.resolve(false);
    this.#worker.terminate();
    for (const id of this.#asked.keys()) this.#answer({ id, error: "the sounds are no longer wanted" });
  }

  #answer({ id, error, ...found }) {
    const { resolve, reject } = this.#asked.get(id);
    this.#asked.delete(id);
    if (error) reject(new Error(error));
    else resolve(found);
  }
}

function absolute(url) {
  return new URL(url, location).href;
}
