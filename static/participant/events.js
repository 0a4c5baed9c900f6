// What the assessor did, on its way to the server: in batches, each event with its place in this page's own order, so
// that a batch may arrive twice, late, or with the page already gone.

import { uuid } from "./uuid.js";

const EVERY_MS = 5000;
const MOST = 200; // a batch that goes as the page goes away may have 64 kB

export class EventLog {
  #url;
  #trial;
  #load = uuid();
  #waiting = [];
  #order = 0;
  #timer;
  #sending = null;

  /** `client()` returns what there is to say about this browser and its sound; it goes with every batch. */
  constructor({ url, trial, client }) {
    this.#url = url;
    this.#trial = trial;
    this.client = client;
    this.#timer = setInterval(() => this.flush(), EVERY_MS);
  }

  /** Keep `event`: {kind, sound?, frame?, value?, until?}. */
  put(event) {
    this.#order += 1;
    this.#waiting.push({ ...event, order: this.#order, at: Date.now() });
  }

  /** Send what waits; what does not arrive goes with the next batch. */
  flush() {
    this.#sending ??= this.#send().finally(() => (this.#sending = null));
    return this.#sending;
  }

  /** Say what there is to say about this browser, though nothing has happened. */
  report() {
    return this.#post(this.#batch());
  }

  /** Send what waits without waiting for the reply, for a page that is going away. */
  beacon() {
    if (this.#waiting.length) navigator.sendBeacon(this.#url, new Blob([this.#batch()], { type: "application/json" }));
  }

  drop() {
    clearInterval(this.#timer);
  }

  async #send() {
    if (!this.#waiting.length) return;
    const { order: last } = this.#waiting[Math.min(MOST, this.#waiting.length) - 1];
    const response = await this.#post(this.#batch());
    if (response && response.status < 500) this.#waiting = this.#waiting.filter(({ order }) => order > last);
  }

  /** Return the response, or null offline: then the next batch brings what this one held. */
  #post(body) {
    const headers = { "Content-Type": "application/json" };
    return fetch(this.#url, { method: "POST", body, headers, keepalive: true }).catch(() => null);
  }

  #batch() {
    const events = this.#waiting.slice(0, MOST);
    return JSON.stringify({ load: this.#load, trial: this.#trial, client: this.client(), events });
  }
}
