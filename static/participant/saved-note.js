// Says plainly whether what was rated is stored.

import { text } from "./sheet.js";

export class SavedNote extends HTMLElement {
  /** Show the state of `answers` (an Answers queue). */
  show(answers) {
    this.dataset.state = answers.count === 0 ? "saved" : answers.stuck ? "waiting" : "saving";
    const line = text(this.dataset.state, { count: answers.count });
    if (this.textContent !== line) this.textContent = line;
  }
}

customElements.define("saved-note", SavedNote);
