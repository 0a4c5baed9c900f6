// One stimulus: a button that plays it, a slider that rates it, a word that says what is still to do.

import { decimal } from "./numbers.js";
import { pageData, text } from "./page-data.js";

const FULL_SCORE = 100;
const COARSE_STEP = 10;
const FINE_STEP = 0.1;
const KEY_STEPS = Object.freeze({
  ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: COARSE_STEP, PageDown: -COARSE_STEP, Home: -FULL_SCORE, End: FULL_SCORE,
});

/** Emits "listen" (it wants to be heard) and "rate" (`detail`: {score, settled}); both bubble. */
export class StimulusColumn extends HTMLElement {
  #listeners = new AbortController();
  #heard = false;
  #rated = false;
  #sounding = false;

  connectedCallback() {
    const { signal } = this.#listeners;
    this.button = this.querySelector("button");
    this.slider = this.querySelector("input");
    this.todo = this.querySelector(".todo");
    this.#rated = this.hasAttribute("data-rated");
    this.button.addEventListener("click", () => this.#emit("listen"), { signal });
    this.addEventListener("pointerdown", (event) => this.#touch(event), { signal });
    this.slider.addEventListener("input", () => this.#rate(false), { signal });
    this.slider.addEventListener("change", () => this.#rate(true), { signal });
    this.slider.addEventListener("click", () => this.#unplaced && this.#rate(true), { signal });
    this.slider.addEventListener("keydown", (event) => this.#step(event), { signal });
    this.#show();
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  /** What the page calls it. */
  get name() {
    return this.dataset.number;
  }

  /** Where the focus belongs while it sounds: its slider, or its button as long as that is locked. */
  get place() {
    return this.#movable ? this.slider : this.button;
  }

  get heard() {
    return this.#heard;
  }

  get rated() {
    return this.#rated;
  }

  get score() {
    return this.slider.valueAsNumber;
  }

  set sounding(value) {
    this.#sounding = value;
    this.#show();
  }

  /** Take it as heard: its slider is free, and has the focus if that has waited at the button. */
  hear() {
    this.#heard = true;
    this.#show();
    if (document.activeElement === this.button) this.place.focus({ preventScroll: true });
  }

  /** Let it be played, or not, as its sound is here. */
  enable(able) {
    this.button.disabled = !able;
    this.#show();
  }

  /** True while the slider stands nowhere: it has no thumb until it is placed. */
  get #unplaced() {
    return pageData.rules.start === "none" && !this.#rated;
  }

  /** Put the slider at a rating that was given before. */
  restore(score) {
    this.slider.value = score;
    this.#rated = true;
    this.#show();
  }

  /** Take the place where the slider stands as the rating. */
  settle() {
    this.#rate(true);
  }

  /** Only what is heard may be rated, where the rules say so; and nothing that has not been heard, if all must be. */
  get #movable() {
    const { only_sounding: only, all_heard: all } = pageData.rules;
    return !this.button.disabled && (this.#heard || !all) && (this.#sounding || !only);
  }

  /** A touch on a locked slider plays its stimulus, so that the next touch may rate it. */
  #touch(event) {
    if (this.#movable || this.button.disabled || event.target.closest("button")) return;
    this.#emit("listen");
  }

  #rate(settled) {
    this.#rated = true;
    this.#show();
    this.dispatchEvent(new CustomEvent("rate", { bubbles: true, detail: { score: this.score, settled } }));
  }

  /** Arrows move by 1, with shift by 0.1, the same in every writing direction and orientation. */
  #step(event) {
    const step = KEY_STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const by = this.#unplaced && Math.abs(step) < FULL_SCORE ? 0 : step * (event.shiftKey ? FINE_STEP : 1); // first: the middle
    this.slider.valueAsNumber = Math.min(FULL_SCORE, Math.max(0, this.score + by));
    this.#rate(true);
  }

  #emit(name) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true }));
  }

  #show() {
    const state = this.#heard ? (this.#rated ? "done" : "rate") : "hear";
    const value = text("value", { score: decimal(this.score) }) + interval(this.score);
    this.dataset.state = state;
    this.toggleAttribute("data-sounding", this.#sounding);
    this.button.setAttribute("aria-pressed", String(this.#sounding));
    this.slider.disabled = !this.#movable;
    this.toggleAttribute("data-unplaced", this.#unplaced);
    this.slider.setAttribute("aria-valuetext", this.#rated ? value : this.#unplaced ? text("notPlaced") : `${value}, ${text("notRated")}`);
    this.todo.textContent = text(state);
    if (pageData.rules.show_number) this.querySelector("output").value = this.#rated ? Math.round(this.score) : "";
  }
}

/** Return the word of the interval in which a score lies, for whoever cannot see the words beside the sliders. */
function interval(score) {
  const words = [...document.querySelectorAll(".intervals li")].reverse();
  const place = Math.min(words.length - 1, Math.floor((score / FULL_SCORE) * words.length));
  return words.length ? `, ${words[place].textContent.trim()}` : "";
}

customElements.define("stimulus-column", StimulusColumn);
