// The conductor of a trial: loads the sounds, plays what is asked for, keeps each rating, and knows what is missing.

import { Answers } from "./answers.js";
import { Engine } from "./engine.js";
import "./keys-help.js";
import "./play-bar.js";
import "./saved-note.js";
import { keyAction } from "./keys.js";
import { sheet, text } from "./sheet.js";
import { load, SoundsDoNotFit } from "./sounds.js";
import "./stimulus-column.js";

const FULL = 100;

export class ListeningTrial extends HTMLElement {
  #listeners = new AbortController();
  #engine = null;
  #state = { playing: false, sound: -1, position: 0 };
  #leaving = false;

  connectedCallback() {
    const { signal } = this.#listeners;
    const on = (target, name, listener) => target.addEventListener(name, listener, { signal });
    this.columns = [...this.querySelectorAll("stimulus-column")];
    this.openSounds = [...this.querySelectorAll(".open-sound")];
    this.bar = this.querySelector("play-bar");
    this.note = this.querySelector("saved-note");
    this.message = this.querySelector(".message");
    this.form = this.querySelector("form.next");
    const { answers: url, session } = this.dataset;
    this.answers = new Answers({ url, session, order: sheet.order });
    on(this.answers, "change", () => this.#told());
    on(this, "listen", ({ target }) => this.#play(this.openSounds.length + this.columns.indexOf(target), target));
    on(this, "rate", ({ target, detail }) => this.#rated(target, detail));
    on(this, "toggle", () => this.#toggle());
    on(this, "seek", ({ detail }) => this.#engine?.seek(detail * sheet.rate));
    on(this, "region", ({ detail }) => this.#engine?.loop(detail && detail.map((seconds) => seconds * sheet.rate)));
    this.openSounds.forEach((button, index) => on(button, "click", () => this.#play(index)));
    on(document, "keydown", (event) => this.#key(event));
    on(this.form, "submit", (event) => this.#leave(event));
    on(this.querySelector(".retry"), "click", () => this.#load());
    on(window, "pagehide", () => this.answers.beacon());
    on(document, "visibilitychange", () => document.hidden && this.answers.beacon());
    on(window, "pageshow", ({ persisted }) => persisted && location.reload());
    this.#begin();
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.#engine?.drop();
  }

  async #begin() {
    for (const column of this.columns) {
      const score = this.answers.score(column.dataset.token);
      if (score !== undefined) column.restore(score);
    }
    this.answers.flush();
    this.#told();
    await this.#load();
  }

  async #load() {
    const urls = [...this.openSounds, ...this.columns].map((place) => place.dataset.sound);
    const { signal } = this.#listeners;
    this.dataset.state = "loading";
    try {
      if (!globalThis.AudioContext) return this.#fail("silent");
      const onprogress = (done, total) => this.#say(text("loading", { done, total }));
      const sounds = await load(urls, { rate: sheet.rate, signal, onprogress });
      this.#engine = await Engine.make({ rate: sheet.rate, sounds, worklet: this.dataset.worklet });
      this.#ready(sounds[0][0].length / sheet.rate);
    } catch (error) {
      if (!signal.aborted) this.#fail(error instanceof SoundsDoNotFit ? "mismatch" : "failed");
    }
  }

  #ready(seconds) {
    this.dataset.state = "ready";
    this.dataset.engine = this.#engine.kind;
    this.#engine.addEventListener("state", ({ detail }) => this.#heard(detail));
    for (const button of this.openSounds) button.disabled = false;
    for (const column of this.columns) column.enable();
    this.bar.enable(seconds);
    this.bar.show({ playing: false, seconds: 0 });
    this.#told();
  }

  #fail(reason) {
    this.dataset.state = reason;
    this.#say(text(reason));
  }

  #play(sound, column) {
    if (this.dataset.state !== "ready") return;
    this.#engine.play(sound);
    this.#choose(sound);
    column?.slider.focus({ preventScroll: true });
  }

  #toggle() {
    if (this.#state.playing) this.#engine?.pause();
    else this.#play(Math.max(0, this.#state.sound));
  }

  /** Show `sound` as the chosen one at once: its slider is free from here, before the first sample is out. */
  #choose(sound) {
    this.#state = { ...this.#state, sound, playing: true };
    this.openSounds.forEach((button, index) => button.setAttribute("aria-pressed", String(index === sound)));
    this.columns.forEach((column, index) => (column.sounding = this.openSounds.length + index === sound));
    this.#told();
  }

  #heard(state) {
    this.#state = { ...this.#state, playing: state.playing, position: state.position };
    this.toggleAttribute("data-playing", state.playing);
    this.bar.show({ playing: state.playing, seconds: state.position / sheet.rate });
  }

  #rated(column, { score, settled }) {
    this.answers.put(column.dataset.token, score);
    if (settled) this.answers.flush();
    this.#told();
  }

  /** Return what is missing, in words: [] if this trial may be left. */
  get missing() {
    const { all_heard: hear, all_moved: move, one_full: full } = sheet.rules;
    const list = (columns) => columns.map((column) => column.number).join(", ");
    const unheard = hear ? this.columns.filter((column) => !column.heard) : [];
    const unrated = move ? this.columns.filter((column) => !column.rated && (column.heard || !hear)) : [];
    const lines = [];
    if (unheard.length) lines.push(text("toHear", { list: list(unheard) }));
    if (unrated.length) lines.push(text("toRate", { list: list(unrated) }));
    if (!lines.length && full && !this.columns.some((column) => column.score >= FULL)) lines.push(text("oneFull"));
    return lines;
  }

  /** Leave when nothing is missing and all is stored; otherwise say, where it is missing, what is. */
  async #leave(event) {
    event.preventDefault();
    if (this.dataset.state !== "ready" || this.#leaving) return;
    if (this.missing.length) return this.#point();
    this.#leaving = true;
    for (const column of this.columns.filter(({ rated }) => !rated)) column.settle();
    this.#told();
    await this.answers.flush();
    this.#engine.pause();
    this.form.submit();
  }

  #point() {
    this.toggleAttribute("data-asked", true);
    const first = this.columns.find((column) => !column.heard || !column.rated);
    first?.button.focus();
  }

  #told() {
    this.note.show(this.answers);
    if (this.dataset.state !== "ready") return;
    const missing = this.missing;
    this.form.querySelector(".primary").setAttribute("aria-disabled", String(missing.length > 0));
    this.toggleAttribute("data-complete", missing.length === 0);
    const held = this.#leaving && this.answers.stuck;
    this.#say(held ? text("held") : missing.join(" ") || text("complete"));
  }

  #say(line) {
    if (this.message.textContent !== line) this.message.textContent = line;
  }

  #key(event) {
    const action = keyAction(event, this.columns.length);
    if (!action || this.dataset.state !== "ready" || this.querySelector("dialog[open]")) return;
    event.preventDefault();
    if (action.do === "stimulus") this.#play(this.openSounds.length + action.index, this.columns[action.index]);
    if (action.do === "reference") this.#play(this.#nextOpen());
    if (action.do === "toggle") this.#toggle();
    if (action.do === "loop") this.bar.toggleLoop();
  }

  /** The first open reference, or the one after that which is chosen now. */
  #nextOpen() {
    const chosen = this.#state.sound < this.openSounds.length ? this.#state.sound : -1;
    return (chosen + 1) % this.openSounds.length;
  }
}

customElements.define("listening-trial", ListeningTrial);
