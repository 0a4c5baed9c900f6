// How many characters of a free text are used, below its field, counted as the server counts them. Seen at once; said
// aloud when the typing rests.

const DEBOUNCE_MS = 1000;

export class CharacterCount extends HTMLElement {
  #listeners = new AbortController();
  #resting = 0;

  connectedCallback() {
    this.field = this.querySelector("textarea");
    this.seen = this.querySelector(".seen");
    this.said = this.querySelector("[role=status]");
    this.field.addEventListener("input", () => this.#typed(), this.#listeners);
    this.#show();
  }

  disconnectedCallback() {
    this.#listeners.abort();
    clearTimeout(this.#resting);
  }

  #typed() {
    this.#show();
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => (this.said.textContent = this.seen.textContent), DEBOUNCE_MS);
  }

  #show() {
    const most = Number(this.dataset.most);
    const count = [...this.field.value.trim()].length; // whole characters: an emoji is one, as it is to the server
    const written = new Intl.NumberFormat(document.documentElement.lang);
    const numbers = { count: written.format(count), most: written.format(most) };
    this.seen.textContent = this.dataset.text.replace(/\{(\w+)\}/g, (_, name) => numbers[name]);
    this.toggleAttribute("data-over", count > most);
  }
}

customElements.define("character-count", CharacterCount);
