// Where in the sound we are: play and pause, the position, and the region that is repeated.

import { decimal } from "./numbers.js";
import { text } from "./page-data.js";

const SHORTEST_LOOP_SECONDS = 0.5;
const STEP_SECONDS = 0.25;

/** Emits "toggle", "seek" (`detail`: seconds) and "region" (`detail`: [start, end] in seconds, or null). */
export class PlayBar extends HTMLElement {
  #listeners = new AbortController();
  #seeking = false;

  connectedCallback() {
    const { signal } = this.#listeners;
    const on = (target, name, listener) => target.addEventListener(name, listener, { signal });
    this.button = this.querySelector(".toggle");
    this.repeat = this.querySelector(".repeat");
    this.clock = this.querySelector("output");
    [this.from, this.at, this.to] = ["from", "at", "to"].map((name) => this.querySelector(`input[name=${name}]`));
    on(this.button, "click", () => this.#emit("toggle"));
    on(this.repeat, "click", () => this.toggleLoop());
    on(this.at, "input", () => (this.#seeking = true));
    on(this.at, "change", () => this.#seek());
    on(this.at, "keydown", (event) => this.#step(event));
    on(this.from, "input", () => this.#narrow(this.from));
    on(this.to, "input", () => this.#narrow(this.to));
    on(this.from, "change", () => this.#region());
    on(this.to, "change", () => this.#region());
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  /** Make it usable for sounds of `seconds`. */
  enable(seconds) {
    for (const input of [this.from, this.at, this.to]) {
      input.max = seconds;
      input.step = 0.001;
      input.disabled = false;
    }
    [this.from.value, this.to.value] = [0, seconds];
    for (const button of this.querySelectorAll("button")) button.disabled = false;
    this.#paint();
    this.#region();
  }

  /** Show where playback is, in seconds. */
  show({ playing, seconds }) {
    if (!this.#seeking) this.at.value = seconds;
    this.button.dataset.playing = playing;
    this.button.setAttribute("aria-label", text(playing ? "pause" : "play"));
    const [at, of] = [seconds, Number(this.at.max)].map((time) => decimal(time, { fixed: true }));
    this.clock.value = `${at} / ${of} s`;
    this.at.setAttribute("aria-valuetext", text("time", { at, of }));
    this.#paint();
  }

  toggleLoop() {
    this.repeat.setAttribute("aria-pressed", String(!this.#looping));
    this.#region();
  }

  get #looping() {
    return this.repeat.getAttribute("aria-pressed") === "true";
  }

  #seek() {
    this.#seeking = false;
    this.#emit("seek", this.at.valueAsNumber);
  }

  #step(event) {
    const step = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.at.valueAsNumber += step * STEP_SECONDS;
    this.#seek();
  }

  /** Keep the two ends of the region at least half a second apart, moving the other one along. */
  #narrow(moved) {
    const gap = Math.min(SHORTEST_LOOP_SECONDS, Number(this.at.max));
    const [from, to] = [this.from.valueAsNumber, this.to.valueAsNumber];
    if (to - from < gap && moved === this.from) this.from.value = to - gap;
    if (to - from < gap && moved === this.to) this.to.value = from + gap;
    this.#paint();
  }

  #region() {
    this.#paint();
    this.toggleAttribute("data-looping", this.#looping);
    this.#emit("region", this.#looping ? [this.from.valueAsNumber, this.to.valueAsNumber] : null);
  }

  #paint() {
    const share = (input) => input.valueAsNumber / Number(input.max);
    this.style.setProperty("--share-from", share(this.from));
    this.style.setProperty("--share-span", share(this.to) - share(this.from));
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }
}

customElements.define("play-bar", PlayBar);
