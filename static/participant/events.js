// What the assessor did, on its way to the server: in batches, each event with its place in this page's own order, so
// that a batch may arrive twice, late, or with the page already gone.

import { uuid } from "./uuid.js";

const FLUSH_INTERVAL_MS = 5000;
const TIMEOUT_MS = 15000;
const MAX_BATCH_EVENTS = 200; // a batch that goes as the page goes away may have 64 kB

export class EventLog {
  #url;
  #trial;
  #load = uuid();
  #waiting = [];
  #order = 0;
  #asked = 0;
  #proof = 0;
  #timer;
  #sending = null;

  /** `client()` returns what there is to say about this browser and its sound; it goes with every batch. */
  constructor({ url, trial, client }) {
    this.#url = url;
    this.#trial = trial;
    this.client = client;
    this.#timer = setInterval(() => this.flush(), FLUSH_INTERVAL_MS);
  }

  /** Keep `event`: {kind, sound?, frame?, value?, until?}. */
  put(event) {
    this.#order += 1;
    this.#waiting.push({ ...event, order: this.#order, at: Date.now() });
  }

  /** Keep `event` and send it at once: the server takes no answer without it, or a researcher is to know. */
  prove(event) {
    this.put(event);
    this.flushNow();
  }

  /** Send at once what has been put. */
  flushNow() {
    this.#proof = this.#order;
    this.flush();
  }

  /** Settles once all that was given to `prove` is there, or could not be sent just now. */
  async proved() {
    if (this.#waiting[0]?.order <= this.#proof) await this.flush();
  }

  /** Send what waits; what does not arrive goes with the next batch. */
  flush() {
    this.#asked = this.#order;
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

  /** End with all sent, however long that takes: this log's trial is over, its document may live on. */
  async close() {
    clearInterval(this.#timer);
    const said = this.client();
    this.client = () => said;
    const leave = () => this.beacon();
    addEventListener("pagehide", leave);
    for (await this.flush(); this.#waiting.length; await this.flush()) {
      await new Promise((resolve) => setTimeout(resolve, FLUSH_INTERVAL_MS));
    }
    removeEventListener("pagehide", leave);
  }

  async #send() {
    while (this.#waiting[0]?.order <= this.#asked) {
      const { order: last } = this.#waiting[Math.min(MAX_BATCH_EVENTS, this.#waiting.length) - 1];
      const response = await this.#post(this.#batch());
      if (!response || response.status >= 500) return;
      this.#waiting = this.#waiting.filter(({ order }) => order > last);
    }
  }

  /** Return the response, or null offline: then the next batch brings what this one held. */
  #post(body) {
    const headers = { "Content-Type": "application/json" };
    const signal = AbortSignal.timeout?.(TIMEOUT_MS);
    return fetch(this.#url, { method: "POST", body, headers, keepalive: true, signal }).catch(() => null);
  }

  #batch() {
    const events = this.#waiting.slice(0, MAX_BATCH_EVENTS);
    return JSON.stringify({ load: this.#load, trial: this.#trial, client: this.client(), events });
  }
}
