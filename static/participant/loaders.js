// Sounds are loaded and proved beside the page, on as many threads as there are to spare: the page stays free, and the
// megabytes that files and their decoding leave behind go at once with the workers, instead of waiting to be collected.
// Workers are started for what there is to load, and end when it is here.

import { decode } from "./decode.js";
import { sound } from "./sound.js";

const MAX_WORKERS = 4;

export class Loaders {
  #script;
  #workers = [];
  #begun = new Map();
  #page = 0;

  /** `script`: the worker's address. Without one, or where no module worker starts, all happens on this thread. */
  constructor(script) {
    this.#script = script;
  }

  /** Resolves once every worker runs, or is known not to: a page that is busy from here on keeps no sound waiting. */
  get running() {
    return Promise.all(this.#workers.map(({ running }) => running));
  }

  /** Begin to load what a page will ask for in a moment, but for what is here already; what else was begun is let go. */
  begin(urls) {
    this.#page += 1;
    for (const url of this.#begun.keys()) if (!urls.includes(url)) this.#begun.delete(url);
    const missing = urls.filter((url) => !this.#begun.has(url));
    if (missing.length) this.#startWorkers(MAX_WORKERS);
    for (const url of missing) this.#start(url);
  }

  /** Return {rate, depth, channels} of the sound at `url`; rejects if it cannot be had, or is not as stored (`unproved`). */
  async sound(url, { signal, again }) {
    const begun = this.#begun.get(url);
    this.#begun.delete(url);
    if (begun) return begun;
    this.#startWorkers(MAX_WORKERS);
    return this.#load(url, { signal, again });
  }

  /**
   * Load what the next page will ask for, decoded and proved, now that all of this one is here: one sound after another
   * in one worker, so that the device stays free to play. Then no worker is left.
   */
  async ahead(urls) {
    const page = (this.#page += 1);
    this.#stopAllBut(1);
    if (urls.length) this.#startWorkers(1);
    for (const url of urls) {
      if (page !== this.#page) return; // the next page is here, and asks for the rest itself
      await this.#start(url).catch(() => {}); // it is asked for again by its own page
    }
    if (page === this.#page) this.#stopAllBut(0);
  }

  /** Stop whatever is under way, and keep nothing. */
  drop() {
    this.#page += 1;
    this.#begun.clear();
    this.#stopAllBut(0);
  }

  #start(url) {
    const loading = this.#load(url, {});
    this.#begun.set(url, loading);
    loading.catch(() => this.#begun.get(url) === loading && this.#begun.delete(url));
    return loading;
  }

  async #load(url, { signal, again }) {
    const answer = await this.#ask({ url: new URL(url, location).href, again });
    return answer ? answer.sound : sound(url, { signal, again });
  }

  /** See that there are `most` workers, or as many as this device can run at once; none where they do not start. */
  #startWorkers(most) {
    if (!this.#script || !globalThis.Worker || this.#workers.some(({ broken }) => broken)) return;
    this.#stopAllBut(MAX_WORKERS);
    const count = Math.min(most, navigator.hardwareConcurrency || 2);
    while (this.#workers.length < count) this.#workers.push(new LoadingWorker(this.#script));
  }

  /** Let all workers go but `count`. */
  #stopAllBut(count) {
    for (const worker of this.#workers.slice(count)) worker.drop();
    this.#workers = this.#workers.filter(({ able, broken }) => able || broken);
  }

  /** Return the answer of the worker that has least to do; null if there is none that can. */
  async #ask(question) {
    for (;;) {
      const workers = this.#workers.filter(({ able }) => able);
      if (!workers.length) return null;
      const answer = await workers.reduce((least, worker) => (worker.asked < least.asked ? worker : least)).ask(question);
      if (answer) return answer;
    }
  }
}

/** One worker, and what it has been asked; it begins with that as soon as it runs, however busy the page is. */
class LoadingWorker {
  able = true;
  /** True of a worker that did not start. */
  broken = false;
  #worker;
  #runs;
  #asked = new Map();
  #last = 0;

  constructor(script) {
    this.running = new Promise((resolve) => (this.#runs = resolve));
    this.#worker = new Worker(script, { type: "module" });
    this.#worker.onmessage = ({ data }) => ("decode" in data ? this.#decode(data) : this.#onMessage(data));
    this.#worker.onerror = () => this.#break();
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
    if (this.able) this.#end(new Error("the sounds are no longer wanted"));
  }

  #break() {
    this.broken = true;
    this.#end(null);
  }

  #onMessage({ id, error, unproved, ...found }) {
    if (id) this.#answer(id, error ? Object.assign(new Error(error), { unproved }) : found);
    else this.#runs();
  }

  #end(answer) {
    this.able = false;
    this.#runs();
    this.#worker.terminate();
    for (const id of [...this.#asked.keys()]) this.#answer(id, answer);
  }

  /** Decode for the worker, which has no decoder; the floats go with the answer, and stay nowhere. */
  async #decode({ decode: number, file, rate, count }) {
    const answer = await decode(file, { rate, count }).then((floats) => ({ floats }), ({ message }) => ({ failure: message }));
    this.#worker.postMessage({ decoded: number, ...answer }, answer.floats?.map(({ buffer }) => buffer) ?? []);
  }

  #answer(id, answer) {
    const { resolve, reject } = this.#asked.get(id);
    this.#asked.delete(id);
    if (answer instanceof Error) reject(answer);
    else resolve(answer);
  }
}
