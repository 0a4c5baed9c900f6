// One stimulus: a button that plays it, a slider that rates it, a word that says what is still to do.

import { sheet, text } from "./sheet.js";

const FULL = 100;
const COARSE = 10;
const FINE = 0.1;
const STEPS = {
  ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: COARSE, PageDown: -COARSE, Home: -FULL, End: FULL,
};

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
    this.#heard = this.#rated && !sheet.rules.to_end;
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

  get number() {
    return Number(this.dataset.number);
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

  /** Take it as heard. */
  hear() {
    this.#heard = true;
    this.#show();
  }

  /** Let it be played, now that its sound is here. */
  enable() {
    this.button.disabled = false;
    this.#show();
  }

  /** True while the slider stands nowhere: it has no thumb until it is placed. */
  get #unplaced() {
    return sheet.rules.start === "none" && !this.#rated;
  }

  /** Put the slider at a rating that was given before. */
  restore(score) {
    this.slider.value = score;
    this.#rated = true;
    this.#heard ||= !sheet.rules.to_end;
    this.#show();
  }

  /** Take the place where the slider stands as the rating. */
  settle() {
    this.#rate(true);
  }

  /** Only what is heard may be rated, where the rules say so; and nothing that has not been heard, if all must be. */
  get #movable() {
    const { only_sounding: only, all_heard: all } = sheet.rules;
    return !this.button.disabled && (this.#sounding || (!only && (this.#heard || !all)));
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
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const by = this.#unplaced && Math.abs(step) < FULL ? 0 : step * (event.shiftKey ? FINE : 1); // first: the middle
    this.slider.valueAsNumber = Math.min(FULL, Math.max(0, this.score + by));
    this.#rate(true);
  }

  #emit(name) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true }));
  }

  #show() {
    const state = this.#heard ? (this.#rated ? "done" : "rate") : "hear";
    const value = text("value", { score: Math.round(this.score * 10) / 10 }) + interval(this.score);
    this.dataset.state = state;
    this.toggleAttribute("data-sounding", this.#sounding);
    this.button.setAttribute("aria-pressed", String(this.#sounding));
    this.slider.disabled = !this.#movable;
    this.toggleAttribute("data-unplaced", this.#unplaced);
    this.slider.setAttribute("aria-valuetext", this.#rated ? value : this.#unplaced ? text("notPlaced") : `${value}, ${text("notRated")}`);
    this.todo.textContent = text(state);
    if (sheet.rules.show_number) this.querySelector("output").value = this.#rated ? Math.round(this.score) : "";
  }
}

/** Return the word of the interval in which a score lies, for whoever cannot see the words beside the sliders. */
function interval(score) {
  const words = [...document.querySelectorAll(".intervals li")].reverse();
  const place = Math.min(words.length - 1, Math.floor((score / FULL) * words.length));
  return words.length ? `, ${words[place].textContent.trim()}` : "";
}

customElements.define("stimulus-column", StimulusColumn);
