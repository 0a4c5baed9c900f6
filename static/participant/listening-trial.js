// The conductor of a trial: loads the sounds, plays what is asked for, keeps each rating, and knows what is missing.

import { Answers } from "./answers.js";
import "./choice-list.js";
import { loaders } from "./early.js";
import { NotExact } from "./engine.js";
import { EventLog } from "./events.js";
import { finish } from "./finish.js";
import "./keys-help.js";
import "./play-bar.js";
import "./saved-note.js";
import { keyAction } from "./keys.js";
import { missing, unheard } from "./missing.js";
import { Player } from "./player.js";
import { sheet, text } from "./sheet.js";
import { SoundsDoNotFit } from "./sounds.js";
import "./stimulus-card.js";
import "./stimulus-column.js";

export class ListeningTrial extends HTMLElement {
  #listeners = new AbortController();
  #log;
  #player;
  #state = { playing: false, sound: -1, position: 0 };
  #leaving = false;
  #openHeard = new Set();

  connectedCallback() {
    const { signal } = this.#listeners;
    const on = (target, name, listener) => target.addEventListener(name, listener, { signal });
    this.columns = [...this.querySelectorAll("stimulus-column, stimulus-card")];
    this.choices = this.querySelector("choice-list");
    this.openSounds = [...this.querySelectorAll(".open-sound")];
    this.bar = this.querySelector("play-bar");
    this.note = this.querySelector("saved-note");
    this.message = this.querySelector(".message");
    this.form = this.querySelector("form.next");
    const { answers: url, session } = this.dataset;
    this.answers = new Answers({ url, session, order: sheet.order, now: sheet.now });
    on(this.answers, "change", () => this.#told());
    on(this.answers, "stands", ({ detail }) => this.#restore(detail.slot, detail.score));
    on(this, "listen", ({ target }) => this.#play(this.openSounds.length + this.columns.indexOf(target), target));
    on(this, "rate", ({ target, detail }) => this.#rated(target, detail));
    on(this, "toggle", () => this.#toggle());
    on(this, "seek", ({ detail }) => this.#player.seek(detail));
    on(this, "region", ({ detail }) => this.#player.loop(detail));
    this.openSounds.forEach((button, index) => on(button, "click", () => this.#play(index)));
    on(document, "keydown", (event) => this.#key(event));
    on(this.form, "submit", (event) => this.#leave(event));
    on(this.querySelector(".retry"), "click", () => this.#load());
    on(window, "pagehide", () => this.#go());
    on(document, "visibilitychange", () => document.hidden && this.#depart());
    on(window, "pageshow", ({ persisted }) => persisted && location.reload());
    this.#equip(on);
    this.#begin();
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.#player.drop();
    this.#log.drop();
    this.answers.drop();
  }

  #equip(on) {
    const client = () => this.#player.report;
    this.#log = new EventLog({ url: this.dataset.events, trial: sheet.trial, client });
    const { sounds: urls, rate, worklet } = sheet;
    this.#player = new Player({ urls, loaders, rate, worklet, log: this.#log });
    on(this.#player, "state", ({ detail }) => this.#heard(detail));
    on(this.#player, "heard", ({ detail }) => (detail.whole || !sheet.rules.to_end) && this.#hear(detail.sound));
  }

  /** Leave with everything sent and nothing kept: a page that comes back is loaded anew. */
  #go() {
    this.#depart();
    this.#player.drop();
  }

  #depart() {
    this.answers.beacon();
    this.#log.beacon();
  }

  async #begin() {
    this.#recall();
    this.#load();
    await this.answers.ready;
    for (const { dataset } of this.columns) this.#restore(dataset.token, this.answers.score(dataset.token));
    this.answers.flush();
    this.#told();
  }

  /** What was heard before the page was loaded again has been heard. */
  #recall() {
    this.#player.tokens.forEach((token, sound) => {
      const how = sheet.heard[token];
      if (how === "whole" || (how && !sheet.rules.to_end)) this.#hear(sound);
    });
  }

  #restore(token, score) {
    if (score !== undefined) this.columns.find((column) => column.dataset.token === token)?.restore(score);
    this.#told();
  }

  async #load() {
    const { signal } = this.#listeners;
    this.dataset.state = "loading";
    try {
      if (!globalThis.AudioContext) return this.#fail("silent");
      await this.#player.load({ signal, onprogress: (done, total) => this.#progress(done, total) });
      this.#ready();
    } catch (error) {
      if (!signal.aborted) this.#fail(reason(error));
    }
  }

  /** A browser may have been found unable before the last sound is here. */
  #progress(done, total) {
    if (this.dataset.state === "loading") this.#say(text("loading", { done, total }));
  }

  #ready() {
    this.dataset.state = "ready";
    this.dataset.engine = this.#player.kind;
    for (const button of this.openSounds) button.disabled = false;
    for (const column of this.columns) column.enable();
    this.bar.enable(this.#player.seconds);
    this.bar.show({ playing: false, seconds: 0 });
    this.#player.loadAhead(sheet.ahead);
    this.#told();
  }

  #fail(reason) {
    this.dataset.state = reason;
    if (reason === "silent") this.#log.report();
    this.#say(text(reason));
  }

  #play(sound, column) {
    if (this.dataset.state !== "ready") return;
    this.#player.play(sound);
    this.#choose(sound);
    if (!this.choices?.contains(document.activeElement)) (column?.slider ?? column?.button)?.focus({ preventScroll: true });
  }

  #toggle() {
    if (this.#state.playing) this.#player.pause();
    else this.#play(Math.max(0, this.#state.sound));
  }

  /** Show `sound` as the chosen one at once: its slider is free from here, before the first sample is out. */
  #choose(sound) {
    this.#state = { ...this.#state, sound, playing: true };
    this.openSounds.forEach((button, index) => button.setAttribute("aria-pressed", String(index === sound)));
    this.columns.forEach((column, index) => (column.sounding = this.openSounds.length + index === sound));
    if (sheet.rules.to_end) this.#told();
    else this.#hear(sound);
  }

  #heard(state) {
    this.#state = { ...this.#state, playing: state.playing, position: state.position };
    this.toggleAttribute("data-playing", state.playing);
    this.bar.show({ playing: state.playing, seconds: state.position / sheet.rate });
  }

  #rated(column, { score, settled }) {
    this.answers.put(column.dataset.token, score);
    if (settled) {
      this.answers.flush();
      this.#player.rated(this.openSounds.length + this.columns.indexOf(column), score);
    }
    this.#told();
  }

  /** Return what is missing, in words: [] if this trial may be left. */
  get missing() {
    return missing(this.#page, text);
  }

  get #page() {
    const done = this.columns.every(({ rated }) => rated);
    const opens = this.openSounds.map((button, sound) => {
      return { name: button.textContent.trim(), heard: done || this.#openHeard.has(sound) };
    });
    return { places: this.columns, opens, rules: sheet.rules };
  }

  /** Take `sound` as heard: it has begun to play, or has played to its end where the rules ask for that. */
  #hear(sound) {
    this.columns[sound - this.openSounds.length]?.hear();
    if (sound < this.openSounds.length) this.#openHeard.add(sound);
    this.#told();
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
    this.#player.pause();
    await finish(this.form, (stuck) => stuck && this.#say(text("held")));
  }

  #point() {
    this.toggleAttribute("data-asked", true);
    const first = this.columns.find((column) => !column.heard || !column.rated);
    if (this.choices && first?.heard !== false) this.choices.focusChoice();
    else first?.button.focus();
  }

  #told() {
    this.note.show(this.answers);
    if (this.dataset.state !== "ready") return;
    const missing = this.missing;
    this.form.querySelector(".primary").setAttribute("aria-disabled", String(missing.length > 0));
    this.toggleAttribute("data-complete", missing.length === 0);
    this.choices?.show({ open: unheard(this.#page).length === 0 });
    const held = this.#leaving && this.answers.stuck;
    this.#say(held ? text("held") : missing.join(" ") || text(this.choices ? "answered" : "complete"));
  }

  #say(line) {
    if (this.message.textContent !== line) this.message.textContent = line;
  }

  #key(event) {
    const action = keyAction(event, this.columns.length);
    if (!action || this.dataset.state !== "ready" || this.querySelector("dialog[open]")) return;
    event.preventDefault();
    if (action.do === "stimulus") this.#play(this.openSounds.length + action.index, this.columns[action.index]);
    if (action.do === "reference" && this.openSounds.length) this.#play(this.#nextOpen());
    if (action.do === "toggle") this.#toggle();
    if (action.do === "loop") this.bar.toggleLoop();
  }

  /** The first open reference, or the one after that which is chosen now. */
  #nextOpen() {
    const chosen = this.#state.sound < this.openSounds.length ? this.#state.sound : -1;
    return this.openSounds.length && (chosen + 1) % this.openSounds.length;
  }
}

function reason(error) {
  if (error instanceof NotExact) return "silent";
  return error instanceof SoundsDoNotFit ? "mismatch" : "failed";
}

customElements.define("listening-trial", ListeningTrial);
