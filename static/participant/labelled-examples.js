// Labelled examples: one plays at a time, repeated, and switching keeps the place, as in a trial.

import { Engine } from "./engine.js";
import { pageData, text } from "./page-data.js";
import { load } from "./sounds.js";

export class LabelledExamples extends HTMLElement {
  #listeners = new AbortController();
  #engine = null;
  #sounding = -1;

  connectedCallback() {
    this.buttons = [...this.querySelectorAll("button[data-sound]")];
    this.buttons.forEach((button, index) => {
      button.addEventListener("click", () => this.#toggle(index), { signal: this.#listeners.signal });
      button.disabled = false;
    });
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.#engine?.drop();
  }

  async #toggle(index) {
    this.#engine ??= await this.#load();
    if (!this.#engine) return;
    this.#sounding = this.#sounding === index ? -1 : index;
    if (this.#sounding >= 0) this.#engine.play(index);
    else this.#engine.pause();
    this.buttons.forEach((button, place) => {
      button.dataset.playing = place === this.#sounding;
      button.setAttribute("aria-pressed", String(place === this.#sounding));
    });
  }

  async #load() {
    for (const button of this.buttons) button.disabled = true;
    try {
      const urls = this.buttons.map((button) => button.dataset.sound);
      const sounds = await load(urls, { rate: pageData.rate, signal: this.#listeners.signal });
      const engine = await Engine.make({ rate: pageData.rate, peak: pageData.peak, sounds, worklet: this.dataset.worklet });
      engine.loop([0, sounds[0][0].length]);
      return engine;
    } catch {
      this.querySelector(".message").textContent = text(globalThis.AudioContext ? "failed" : "silent");
      return null;
    } finally {
      for (const button of this.buttons) button.disabled = false;
    }
  }
}

customElements.define("labelled-examples", LabelledExamples);
