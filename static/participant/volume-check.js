// One sound, repeated, to set the volume by before the first trial.

import { Engine } from "./engine.js";
import { pageData, text } from "./page-data.js";
import { load } from "./sounds.js";

export class VolumeCheck extends HTMLElement {
  #listeners = new AbortController();
  #engine = null;
  #playing = false;

  connectedCallback() {
    this.button = this.querySelector("button");
    this.button.addEventListener("click", () => this.#toggle(), { signal: this.#listeners.signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.#engine?.drop();
  }

  async #toggle() {
    this.#engine ??= await this.#load();
    if (!this.#engine) return;
    this.#playing = !this.#playing;
    if (this.#playing) this.#engine.play(0);
    else this.#engine.pause();
    this.button.dataset.playing = this.#playing;
    this.button.setAttribute("aria-pressed", String(this.#playing));
  }

  async #load() {
    this.button.disabled = true;
    try {
      const sounds = await load([this.dataset.sound], { rate: pageData.rate, signal: this.#listeners.signal });
      const engine = await Engine.make({ rate: pageData.rate, peak: pageData.peak, sounds, worklet: this.dataset.worklet });
      engine.loop([0, sounds[0][0].length]);
      return engine;
    } catch {
      this.querySelector(".message").textContent = text(globalThis.AudioContext ? "failed" : "silent");
      return null;
    } finally {
      this.button.disabled = false;
    }
  }
}

customElements.define("volume-check", VolumeCheck);
