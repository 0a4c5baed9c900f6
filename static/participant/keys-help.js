// The list of keys, on the button or on “?”.

export class KeysHelp extends HTMLElement {
  #listeners = new AbortController();

  connectedCallback() {
    const { signal } = this.#listeners;
    const dialog = this.querySelector("dialog");
    this.querySelector(".open").addEventListener("click", () => dialog.showModal(), { signal });
    document.addEventListener("keydown", ({ key }) => key === "?" && !dialog.open && dialog.showModal(), { signal });
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close(), { signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }
}

customElements.define("keys-help", KeysHelp);
