// One stimulus of a page with choices: a button that plays it, and a word that says whether it has been heard.

import { text } from "./page-data.js";

/** Emits "listen" (it wants to be heard) and "rate" (`detail`: {score, settled}); both bubble. */
export class StimulusCard extends HTMLElement {
  #listeners = new AbortController();
  #heard = false;
  #sounding = false;

  connectedCallback() {
    const { signal } = this.#listeners;
    this.button = this.querySelector("button");
    this.score = this.dataset.score === undefined ? null : Number(this.dataset.score);
    this.button.addEventListener("click", () => this.#emit("listen"), { signal });
    this.#show();
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  /** What the page calls it: by its number, where there are several. */
  get name() {
    return this.closest("ol").children.length > 1 ? this.dataset.number : text("version");
  }

  /** Where the focus belongs while it sounds. */
  get place() {
    return this.button;
  }

  get heard() {
    return this.#heard;
  }

  get rated() {
    return this.score !== null;
  }

  set sounding(value) {
    this.#sounding = value;
    this.#show();
  }

  /** Take it as heard. */
  hear() {
    this.#heard = true;
    this.#show();
  }

  /** Let it be played, or not, as its sound is here. */
  enable(able) {
    this.button.disabled = !able;
  }

  /** Take a score that was given before. */
  restore(score) {
    this.score = score;
    this.#show();
  }

  /** Give it `score`, 0 to 100. */
  rate(score) {
    this.score = score;
    this.#emit("rate", { score, settled: true });
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  #show() {
    this.dataset.state = this.#heard ? "done" : "hear";
    this.toggleAttribute("data-sounding", this.#sounding);
    this.button.setAttribute("aria-pressed", String(this.#sounding));
    this.querySelector(".todo").textContent = text(this.#heard ? "heard" : "hear");
  }
}

customElements.define("stimulus-card", StimulusCard);
