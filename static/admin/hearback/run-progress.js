/**
 * <run-progress src="…/progress/" live>: shows how far a run is, and asks again every two seconds while it is live.
 *
 * The server renders the inside; without JavaScript it stays as it came. With `reload` the whole page is fetched anew
 * when the run has ended, so that its results appear.
 */
const PAUSE = 2000;

class RunProgress extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.#stop = new AbortController();
    if (this.hasAttribute("live")) this.#later();
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  #later() {
    const timer = setTimeout(() => this.#refresh(), PAUSE);
    this.#stop.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  async #refresh() {
    try {
      const answer = await fetch(this.getAttribute("src"), { signal: this.#stop.signal });
      if (answer.ok && !answer.redirected) this.#show(await answer.text());
    } catch (error) {
      if (error.name === "AbortError") return;
    }
    if (this.hasAttribute("live")) this.#later();
  }

  #show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("run-progress");
    if (!fresh) return;
    this.replaceChildren(...fresh.childNodes);
    this.toggleAttribute("live", fresh.hasAttribute("live"));
    if (!fresh.hasAttribute("live") && this.hasAttribute("reload")) location.reload();
  }
}

customElements.define("run-progress", RunProgress);
