/* <live-part data-seconds="5" hx-get="…" hx-trigger="refresh">: asks again every few seconds, never in a hidden tab.
   What was selected, is focused or is held by its button stays as it is; there is a button where `data-hold` words it. */

class LivePart extends HTMLElement {
  #stop;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const timer = setInterval(() => this.#refresh(), 1000 * Number(this.dataset.seconds || 5));
    signal.addEventListener("abort", () => clearInterval(timer));
    document.addEventListener("visibilitychange", () => this.#refresh(), { signal });
    if (this.dataset.hold) this.#button(signal);
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  #refresh() {
    const busy = this.contains(document.activeElement) && document.activeElement !== this.button;
    const reading = !document.getSelection().isCollapsed;
    if (!document.hidden && !this.held && !busy && !reading) this.dispatchEvent(new Event("refresh"));
  }

  #button(signal) {
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "hb-hold";
    this.button.textContent = this.dataset.hold;
    this.button.addEventListener("click", () => this.#hold(), { signal });
    this.prepend(this.button);
  }

  #hold() {
    this.held = !this.held;
    this.button.textContent = this.held ? this.dataset.resume : this.dataset.hold;
    this.#refresh();
  }
}

customElements.define("live-part", LivePart);
