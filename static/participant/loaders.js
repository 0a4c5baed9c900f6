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

  /** Resolves once every worker runs, or is known not to: a page that is busy from here on keeps no sound waiting. */
  get running() {
    return Promise.all(this.#hands.map(({ running }) => running));
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
    const answer = await this.#ask({ url: absolute(url), again });
    return answer ? answer.sound : sound(url, { signal, again });
  }

  /** Bring the sounds at `urls` into the browser's cache. */
  async fetchAhead(urls) {
    if (!(await this.#ask({ ahead: urls.map(absolute) }))) await fetchAhead(urls);
  }

  /** Stop whatever is under way. */
  drop() {
    for (const hand of this.#hands) hand.drop();
  }

  /** Return the answer of the hand that has least to do; null if there is none that can. */
  async #ask(question) {
    for (;;) {
      const hands = this.#hands.filter(({ able }) => able);
      if (!hands.length) return null;
      const answer = await hands.reduce((least, hand) => (hand.asked < least.asked ? hand : least)).ask(question);
      if (answer) return answer;
    }
  }
}

/** One worker, and what it has been asked; it begins with that as soon as it runs, however busy the page is. */
class Hand {
  able = true;
  #worker;
  #runs;
  #asked = new Map();
  #last = 0;

  constructor(script) {
    this.running = new Promise((resolve) => (this.#runs = resolve));
    this.#worker = new Worker(script, { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#told(data);
    this.#worker.onerror = () => this.#end(null);
  }

  get asked() {
    return this.#asked.size;
  }

  /** Return the answer; null if this worker does not run. */
  ask(question) {
    const id = (this.#last += 1);
    const answered = new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    this.#worker.postMessage({ id, ...question });
    return answered;
  }

  drop() {
    this.#end(new Error("the sounds are no longer wanted"));
  }

  #told({ id, error, ...found }) {
    if (id) this.#answer(id, error ? new Error(error) : found);
    else this.#runs();
  }

  #end(answer) {
    this.able = false;
    this.#runs();
    this.#worker.terminate();
    for (const id of [...this.#asked.keys()]) this.#answer(id, answer);
  }

  #answer(id, answer) {
    const { resolve, reject } = this.#asked.get(id);
    this.#asked.delete(id);
    if (answer instanceof Error) reject(answer);
    else resolve(answer);
  }
}

function absolute(url) {
  return new URL(url, location).href;
}
