// A text to take along: a button copies it. Without scripts it is a text that one click selects.

export class CopyText extends HTMLElement {
  #listeners = new AbortController();

  connectedCallback() {
    if (!navigator.clipboard) return; // an address without https has none; the text is selected by hand
    const button = this.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", () => this.#copy(), { signal: this.#listeners.signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  async #copy() {
    const code = this.querySelector("code");
    const said = this.querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(code.textContent);
      said.textContent = this.dataset.copied;
    } catch {
      getSelection().selectAllChildren(code);
      said.textContent = this.dataset.selected;
    }
  }
}

customElements.define("copy-text", CopyText);
