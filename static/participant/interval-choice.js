// One trial of a headphone check: plays three intervals once, shows which one sounds, then lets one be chosen.

import { Engine } from "./engine.js";
import { pageData, text } from "./page-data.js";
import { load } from "./sounds.js";

export class IntervalChoice extends HTMLElement {
  #listeners = new AbortController();
  #engine = null;

  connectedCallback() {
    const { signal } = this.#listeners;
    this.button = this.querySelector(".play");
    this.choices = [...this.querySelectorAll(".intervals button")];
    this.button.addEventListener("click", () => this.#play(), { signal });
    this.querySelector("form").addEventListener("submit", (event) => this.#once(event), { signal });
    this.button.disabled = false;
    window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload(), { signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.#engine?.drop();
  }

  async #play() {
    this.button.disabled = true;
    try {
      this.#engine ??= await this.#load();
      this.#engine.seek(0);
      this.#engine.play(0);
    } catch {
      this.querySelector(".message").textContent = text(globalThis.AudioContext ? "failed" : "silent");
      this.button.disabled = false;
    }
  }

  async #load() {
    const sounds = await load([this.dataset.sound], { rate: pageData.rate, signal: this.#listeners.signal });
    const engine = await Engine.make({ rate: pageData.rate, peak: pageData.peak, sounds, worklet: this.dataset.worklet });
    engine.loop(null);
    engine.addEventListener("state", ({ detail }) => this.#show(detail));
    return engine;
  }

  /** Light the interval that sounds; once all have been heard, free the choice. */
  #show({ playing, position }) {
    const at = position / pageData.rate;
    const now = playing ? pageData.spans.findIndex(([from, to]) => from <= at && at < to) : -1;
    this.choices.forEach((choice, index) => choice.toggleAttribute("data-sounding", index === now));
    if (playing) {
      this.playing = true;
    } else if (this.playing) {
      this.playing = false;
      this.button.disabled = false;
      for (const choice of this.choices) choice.disabled = false;
    }
  }

  /** A double click chooses once. */
  #once(event) {
    if (this.chosen) event.preventDefault();
    this.chosen = true;
  }
}

customElements.define("interval-choice", IntervalChoice);
