// What is sung in the excerpt, beside every stimulus alike: the word that is due where playback stands is lit.

class ItemWords extends HTMLElement {
  #words = [];

  connectedCallback() {
    this.#words = [...this.querySelectorAll("[data-start]")];
  }

  /** Light the word that is sung at `seconds`. */
  at(seconds) {
    for (const word of this.#words) {
      const { start, end } = word.dataset;
      word.toggleAttribute("data-lit", Number(start) <= seconds && seconds < Number(end));
    }
  }
}

customElements.define("item-words", ItemWords);
