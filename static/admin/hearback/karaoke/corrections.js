// The times of all words: as the server has them, with what was moved here and is on its way to it.

/**
 * Emits "change" when a time is another one, and "status" (`detail`: {text, wrong}). What the server refuses, or does
 * not answer to, goes back to where it was, and the page says so.
 */
export class Corrections extends EventTarget {
  #page;
  #token;
  #waiting = {};
  #sending = {};
  #busy = Promise.resolve();
  #queued = false;

  /** `page`: what the server told of this alignment; `token`: against forged requests. */
  constructor(page, token) {
    super();
    [this.#page, this.#token] = [page, token];
  }

  /** [start, end, confidence] of each word, in seconds. */
  get words() {
    const moved = { ...this.#sending, ...this.#waiting };
    return this.#page.words.map((word, number) => moved[number] ? [...moved[number], null] : word);
  }

  get moved() {
    return new Set([...this.#page.moved, ...Object.keys({ ...this.#sending, ...this.#waiting }).map(Number)]);
  }

  get canUndo() {
    return this.#page.undo || this.#queued;
  }

  get canRedo() {
    return this.#page.redo && !this.#queued;
  }

  /** Move words: new [start, end] by number. What is moved while another correction is on its way goes with the next. */
  put(times) {
    Object.assign(this.#waiting, times);
    this.#tell("change");
    if (this.#queued) return;
    this.#queued = true;
    this.#later(async () => {
      [this.#queued, this.#sending, this.#waiting] = [false, this.#waiting, {}];
      await this.#send({ do: "move", times: this.#sending });
    });
  }

  undo() {
    this.#later(() => this.#send({ do: "undo", times: {} }));
  }

  redo() {
    this.#later(() => this.#send({ do: "redo", times: {} }));
  }

  #later(work) {
    this.#busy = this.#busy.then(work);
  }

  async #send(asked) {
    const { messages, correct, revision } = this.#page;
    this.#say(messages.saving);
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.#token };
    try {
      const body = JSON.stringify({ ...asked, revision });
      const answer = await fetch(correct, { method: "POST", headers, body });
      const told = await answer.json().catch(() => ({}));
      if (!answer.ok || told.revision === undefined) throw new Error(told.error ?? messages.offline); // a login page is no answer
      Object.assign(this.#page, told);
      this.#say(messages.saved);
    } catch (error) {
      this.#say(error instanceof TypeError ? messages.offline : error.message, true);
    }
    this.#sending = {};
    this.#tell("change");
  }

  #say(text, wrong = false) {
    this.dispatchEvent(new CustomEvent("status", { detail: { text, wrong } }));
  }

  #tell(name) {
    this.dispatchEvent(new CustomEvent(name));
  }
}
