// On a page between or after trials: sends what still waits in this browser, and shows itself while anything does.

import { Answers } from "./answers.js";

export class KeptAnswers extends HTMLElement {
  #answers = null;

  connectedCallback() {
    const { answers: url, session } = this.dataset;
    this.#answers = new Answers({ url, session, order: 0, now: Date.now() });
    this.#answers.addEventListener("change", () => (this.hidden = this.#answers.count === 0));
    this.#answers.flush();
  }

  disconnectedCallback() {
    this.#answers.drop();
  }
}

customElements.define("kept-answers", KeptAnswers);
