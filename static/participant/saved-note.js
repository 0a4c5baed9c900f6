// Says plainly whether what was rated is stored.

import { text } from "./page-data.js";

export class SavedNote extends HTMLElement {
  /** Show the state of `answers` (an Answers queue). */
  show(answers) {
    const { count, stuck, kind, refusal } = answers;
    this.dataset.state = count ? (stuck ? "waiting" : "saving") : refusal ? "refused" : "saved";
    const name = this.dataset.state === "waiting" && kind === "page" ? "waitingHere" : this.dataset.state;
    const line = text(name, { count, refusal });
    if (this.textContent !== line) this.textContent = line;
  }
}

customElements.define("saved-note", SavedNote);
