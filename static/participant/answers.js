// The way of an answer to the server: kept in this browser until it is stored there, sent again until it is.
//
// One answer waits for each slot, the newest. `order` counts the assessor's answers, over tabs and reloads, so that the
// last one wins wherever it arrives. Safe to send twice: each carries its key.

const WAITS_MS = [500, 1000, 2000, 5000, 10000];

/** Emits "change" when the number of waiting answers or the connection changes. */
export class Answers extends EventTarget {
  #url;
  #memory;
  #waiting;
  #order;
  #sending = null;
  #failures = 0;

  /** `session` names what is kept here; `order` is the newest answer's count that the server knows. */
  constructor({ url, session, order, storage = globalThis.localStorage }) {
    super();
    this.#url = url;
    this.#memory = new Memory(storage, session);
    this.#waiting = this.#memory.answers();
    this.#order = order;
  }

  get count() {
    return this.#waiting.size;
  }

  /** True while the last attempt has failed: answers wait here for the connection. */
  get stuck() {
    return this.#failures > 0;
  }

  /** The score that waits for `slot`, if any: newer than what the server has. */
  score(slot) {
    return this.#waiting.get(slot)?.score;
  }

  /** Keep `score` for `slot`; it is sent at the next `flush`. */
  put(slot, score) {
    this.#order = Math.max(this.#order, this.#memory.newest) + 1;
    const answer = { slot, score, order: this.#order, key: uuid() };
    this.#waiting.set(slot, answer);
    this.#memory.keep(answer);
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

  async #sendAll() {
    while (this.#waiting.size) {
      const [answer] = this.#waiting.values();
      if (await this.#send(answer)) {
        this.#failures = 0;
        if (this.#waiting.get(answer.slot)?.key === answer.key) this.#waiting.delete(answer.slot);
        this.#memory.forget(answer);
        this.#changed();
      } else {
        this.#failures += 1;
        this.#changed();
        await this.#pause();
      }
    }
  }

  /** True if the server has answered for good: stored, or refused for a reason that sending again cannot mend. */
  async #send(answer) {
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        body: JSON.stringify(answer),
        headers: { "Content-Type": "application/json" },
        keepalive: true,
      });
      return response.status < 500 && ![408, 429].includes(response.status);
    } catch {
      return false; // offline: the answer stays in the queue
    }
  }

  #pause() {
    const wait = WAITS_MS[Math.min(this.#failures, WAITS_MS.length) - 1];
    return new Promise((resolve) => {
      setTimeout(resolve, wait);
      addEventListener("online", resolve, { once: true });
    });
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** What waits, in the browser's storage, one entry a slot so that two tabs do not overwrite each other. */
class Memory {
  #storage;
  #prefix;

  constructor(storage, session) {
    this.#storage = storage;
    this.#prefix = `hearback ${session} `;
  }

  /** Return the answers kept, by slot. */
  answers() {
    const names = this.#try(() => Object.keys(this.#storage)) ?? [];
    const kept = names.filter((name) => name.startsWith(this.#prefix) && name !== this.#newestName);
    return new Map(kept.map((name) => [name.slice(this.#prefix.length), JSON.parse(this.#storage.getItem(name))]));
  }

  keep(answer) {
    this.#try(() => this.#storage.setItem(this.#prefix + answer.slot, JSON.stringify(answer)));
    this.#try(() => this.#storage.setItem(this.#newestName, answer.order));
  }

  forget(answer) {
    const kept = JSON.parse(this.#try(() => this.#storage.getItem(this.#prefix + answer.slot)) ?? "null");
    if (kept?.key === answer.key) this.#storage.removeItem(this.#prefix + answer.slot);
  }

  /** The newest answer's count in any tab of this browser. */
  get newest() {
    return Number(this.#try(() => this.#storage.getItem(this.#newestName)) ?? 0);
  }

  get #newestName() {
    return `${this.#prefix}newest`;
  }

  /** Storage may be full or forbidden: then what waits lives as long as the page. */
  #try(access) {
    try {
      return access();
    } catch {
      return null;
    }
  }
}

/** crypto.randomUUID is missing on plain http; random bytes are not. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
