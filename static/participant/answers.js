// The way of an answer to the server: kept in this browser until it is stored there, sent again until it is.
//
// One answer waits for each slot, the newest. Its `order` is the server's time at which it was given, on a clock that
// never goes back, so that the last one wins over tabs, reloads and devices, whenever it arrives. Safe to send twice:
// each carries its key.

import { openStore } from "./answer-store.js";
import { uuid } from "./uuid.js";

const RETRY_DELAYS_MS = Object.freeze([500, 1000, 2000, 5000, 10000]);
const TIMEOUT_MS = 15000;
const RETRY_STATUSES = Object.freeze([408, 425, 429]);

/** Emits "change" when what waits or the connection changes, and "stands" ({slot, score}) when an answer given later
 * elsewhere stands in a slot. */
export class Answers extends EventTarget {
  #url;
  #place;
  #tabs;
  #waiting = new Map();
  #order;
  #ahead;
  #before;
  #sending = null;
  #failures = 0;

  /**
   * `session` names what is kept here; `order` is the newest that the server knows, `now` its time as it wrote the page,
   * which `came` by this device's time; what `before` returns is waited for before an answer is sent.
   */
  constructor({ url, session, order, now, came = pageCame(), before = async () => {} }) {
    super();
    this.#url = url;
    this.#order = order;
    this.#ahead = now - came;
    this.#before = before;
    this.kind = "page";
    this.refusal = "";
    this.#place = openStore(session);
    this.ready = this.#recall();
    this.#tabs = globalThis.BroadcastChannel && new BroadcastChannel(`hearback ${session}`);
    if (this.#tabs) this.#tabs.onmessage = ({ data }) => this.#overtaken(data);
  }

  get count() {
    return this.#waiting.size;
  }

  /** True while the last attempt has failed: answers wait here for the connection. */
  get stuck() {
    return this.#failures > 0;
  }

  /** The score that waits for `slot`, if any: newer than what the server has. Known once `ready` is. */
  score(slot) {
    return this.#waiting.get(slot)?.score;
  }

  /** Keep `score` for `slot`; it is sent at the next `flush`. */
  put(slot, score) {
    this.#order = Math.max(this.#order + 1, Math.round(Date.now() + this.#ahead));
    const answer = { slot, score, order: this.#order, key: uuid() };
    this.#waiting.set(slot, answer);
    this.#keeping((place) => place.keep(answer));
    this.#tabs?.postMessage(answer);
    this.#changed();
  }

  /** Send what waits; the promise settles when all is stored, however long that takes. */
  flush() {
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = null));
    return this.#sending;
  }

  /** Send what waits without waiting for the reply, for a page that is going away. It stays kept until acknowledged. */
  beacon() {
    for (const answer of this.#waiting.values()) {
      navigator.sendBeacon(this.#url, new Blob([JSON.stringify(answer)], { type: "application/json" }));
    }
  }

  /** Leave the other tabs alone. */
  drop() {
    this.#tabs?.close();
  }

  async #recall() {
    const place = await this.#place;
    this.kind = place.kind;
    for (const answer of await place.all().catch(() => [])) {
      this.#order = Math.max(this.#order, answer.order);
      if ((this.#waiting.get(answer.slot)?.order ?? -1) < answer.order) this.#waiting.set(answer.slot, answer);
    }
    this.#changed();
  }

  async #sendAll() {
    await this.ready;
    while (this.#waiting.size) {
      await this.#before();
      const [answer] = this.#waiting.values();
      if (await this.#send(answer)) {
        this.#failures = 0;
        if (this.#waiting.get(answer.slot)?.key === answer.key) this.#waiting.delete(answer.slot);
        this.#keeping((place) => place.forget(answer));
        this.#changed();
      } else {
        this.#failures += 1;
        this.#last(answer.slot);
        this.#changed();
        await this.#pause();
      }
    }
  }

  /** Let the other answers go first: one that comes too early keeps none of them waiting. */
  #last(slot) {
    const answer = this.#waiting.get(slot);
    this.#waiting.delete(slot);
    this.#waiting.set(slot, answer);
  }

  /** True if our server has answered for good: stored, or refused for a reason that sending again cannot mend. */
  async #send({ slot, score, order, key }) {
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        body: JSON.stringify({ slot, score, order, key }),
        headers: { "Content-Type": "application/json" },
        keepalive: true,
        redirect: "error",
        signal: AbortSignal.timeout?.(TIMEOUT_MS),
      });
      const reply = await response.json();
      const final = response.status < 500 && !RETRY_STATUSES.includes(response.status) && reply.error;
      if (response.ok && reply.saved === true) this.#stored({ slot, ...reply });
      else if (final) this.refusal = reply.error;
      return Boolean(final || (response.ok && reply.saved === true));
    } catch {
      return false; // offline, cut off, or a page that is not ours (a hotel's login): the answer stays in the queue
    }
  }

  #stored({ slot, newest, score, order }) {
    this.#order = Math.max(this.#order, order);
    this.refusal = "";
    if (!newest) this.#overtaken({ slot, score, order });
  }

  /** An answer given elsewhere stands, unless one given later waits here. */
  #overtaken({ slot, score, order }) {
    this.#order = Math.max(this.#order, order);
    if ((this.#waiting.get(slot)?.order ?? -1) > order) return;
    this.dispatchEvent(new CustomEvent("stands", { detail: { slot, score } }));
  }

  /** Storage may fill up or be taken away: then what waits lives as long as the page, and the page says so. */
  async #keeping(act) {
    try {
      await act(await this.#place);
    } catch {
      this.kind = "page";
      this.#changed();
    }
  }

  #pause() {
    const wait = RETRY_DELAYS_MS[Math.min(this.#failures, RETRY_DELAYS_MS.length) - 1];
    return new Promise((resolve) => {
      setTimeout(resolve, wait);
      addEventListener("online", resolve, { once: true });
    });
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** Return when the first byte of this page came, in this device's time: as near as may be to when it was written. */
function pageCame() {
  const [navigation] = performance.getEntriesByType("navigation");
  return performance.timeOrigin + (navigation?.responseStart ?? 0);
}
