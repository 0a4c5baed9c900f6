// The conductor of a trial: loads the sounds, plays what is asked for, keeps each rating, and knows what is missing.

import { Answers } from "./answers.js";
import "./choice-list.js";
import { loaders } from "./load-early.js";
import { NotExact } from "./engine.js";
import { EventLog } from "./events.js";
import { finish } from "./finish.js";
import "./item-words.js";
import "./keys-help.js";
import "./play-bar.js";
import "./saved-note.js";
import { keyAction, onChosen } from "./keys.js";
import { missing, unheard } from "./still-missing.js";
import { Player } from "./player.js";
import { pageData, text } from "./page-data.js";
import { SoundsDoNotFit } from "./sounds.js";
import "./stimulus-card.js";
import "./stimulus-column.js";

const DOUBLE_CLICK_MS = 500;

export class ListeningTrial extends HTMLElement {
  #listeners = new AbortController();
  #log;
  #player;
  #state = { playing: false, sound: -1, position: 0 };
  #leaving = false;
  #left = false;
  #followed = -Infinity;
  #openHeard = new Set();

  /** Begin once the elements within have begun: where a trial follows in the same document they do so after this one. */
  connectedCallback() {
    queueMicrotask(() => this.isConnected && this.#connect());
  }

  #connect() {
    if (pageData.came) this.#followed = performance.now();
    const { signal } = this.#listeners;
    const on = (target, name, listener) => target.addEventListener(name, listener, { signal });
    this.columns = [...this.querySelectorAll("stimulus-column, stimulus-card")];
    this.choices = this.querySelector("choice-list");
    this.openSounds = [...this.querySelectorAll(".open-sound")];
    this.bar = this.querySelector("play-bar");
    this.words = this.querySelector("item-words");
    this.note = this.querySelector("saved-note");
    this.message = this.querySelector(".message");
    this.form = this.querySelector("form.next");
    this.#equip(on);
    on(this.answers, "change", () => this.#render());
    on(this.answers, "stands", ({ detail }) => this.#restore(detail.slot, detail.score));
    on(this, "listen", ({ target }) => this.#play(this.openSounds.length + this.columns.indexOf(target), target));
    on(this, "rate", ({ target, detail }) => this.#rated(target, detail));
    on(this, "toggle", () => this.#toggle());
    on(this, "seek", ({ detail }) => this.#player.seek(detail));
    on(this, "region", ({ detail }) => this.#player.loop(detail));
    this.openSounds.forEach((button, index) => on(button, "click", () => this.#play(index)));
    on(document, "keydown", (event) => this.#key(event));
    on(document, "keyup", (event) => event.key === " " && onChosen(event) && event.preventDefault()); // or it is a click too
    on(this.form, "submit", (event) => this.#leave(event));
    on(this.querySelector(".retry"), "click", () => this.#load());
    on(window, "pagehide", () => this.#go());
    on(document, "visibilitychange", () => document.hidden && this.#depart());
    on(window, "pageshow", ({ persisted }) => persisted && location.reload());
    this.#begin();
  }

  /** The next trial has taken this one's place: it has the engine; what this one's log still holds is on its way. */
  disconnectedCallback() {
    this.#listeners.abort();
    this.#player.leave();
    this.#log.close();
    this.answers.drop();
  }

  #equip(on) {
    const { answers, events, session } = this.dataset;
    this.#log = new EventLog({ url: events, trial: pageData.trial, client: () => this.#player.report });
    this.#player = new Player({ pageData, loaders, log: this.#log });
    const { order, now, came } = pageData;
    this.answers = new Answers({ url: answers, session, order, now, came, before: () => this.#log.proved() });
    on(this.#player, "state", ({ detail }) => this.#moved(detail));
    on(this.#player, "heard", ({ detail }) => this.#hear(detail.sound));
    on(this.#player, "fault", () => this.#fail("unproved"));
  }

  /** Leave with everything sent and nothing kept: a page that comes back is loaded anew. */
  #go() {
    this.#depart();
    this.#player.drop();
  }

  /** What was heard goes first: without it no answer is taken. */
  #depart() {
    this.#log.beacon();
    this.answers.beacon();
  }

  async #begin() {
    this.#load();
    await this.answers.ready;
    for (const { dataset } of this.columns) this.#restore(dataset.token, this.answers.score(dataset.token));
    this.answers.flush();
    this.#render();
  }

  #restore(token, score) {
    if (score !== undefined) this.columns.find((column) => column.dataset.token === token)?.restore(score);
    this.#render();
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
    this.#enable(true);
    this.bar.enable(this.#player.seconds);
    this.bar.show({ playing: false, seconds: 0 });
    this.#player.loadAhead();
    this.#render();
  }

  #enable(able) {
    for (const button of this.openSounds) button.disabled = !able;
    for (const column of this.columns) column.enable(able);
  }

  #fail(reason) {
    this.dataset.state = reason;
    this.#player.pause();
    this.#enable(false);
    if (reason === "silent") this.#log.report();
    this.#say(text(reason));
  }

  /** Play `sound`, and go to its slider, or to its button as long as that is locked. */
  #play(sound, column) {
    if (this.dataset.state !== "ready" || this.#left) return;
    this.#player.play(sound);
    this.#choose(sound);
    if (!this.choices?.contains(document.activeElement)) column?.place.focus({ preventScroll: true });
  }

  #toggle() {
    if (this.#state.playing) this.#player.pause();
    else this.#play(Math.max(0, this.#state.sound));
  }

  /** Show `sound` as the chosen one at once, before the first sample is out. */
  #choose(sound) {
    this.#state = { ...this.#state, sound, playing: true };
    this.openSounds.forEach((button, index) => button.setAttribute("aria-pressed", String(index === sound)));
    this.columns.forEach((column, index) => (column.sounding = this.openSounds.length + index === sound));
    this.#render();
  }

  #moved(state) {
    this.#state = { ...this.#state, playing: state.playing, position: state.position };
    this.toggleAttribute("data-playing", state.playing);
    const seconds = state.position / pageData.rate;
    this.bar.show({ playing: state.playing, seconds });
    this.words?.at(seconds);
  }

  #rated(column, { score, settled }) {
    this.answers.put(column.dataset.token, score);
    if (settled) {
      this.answers.flush();
      this.#player.rated(this.openSounds.length + this.columns.indexOf(column), score);
    }
    this.#render();
  }

  /** Return what is missing, in words: [] if this trial may be left. */
  get missing() {
    return missing(this.#page, text);
  }

  get #page() {
    const opens = this.openSounds.map((button, sound) => {
      return { name: button.textContent.trim(), heard: this.#openHeard.has(sound) };
    });
    return { places: this.columns, opens, rules: pageData.rules };
  }

  /** Take `sound` as heard: it has played as long as the rules ask. */
  #hear(sound) {
    this.columns[sound - this.openSounds.length]?.hear();
    if (sound < this.openSounds.length) this.#openHeard.add(sound);
    this.#render();
  }

  /** Leave when nothing is missing and all is stored; otherwise say, where it is missing, what is. */
  async #leave(event) {
    event.preventDefault();
    const again = event.timeStamp - this.#followed < DOUBLE_CLICK_MS; // of a double click on the last trial's button
    if (this.dataset.state !== "ready" || this.#leaving || again) return;
    if (this.missing.length) return this.#point();
    this.#leaving = true;
    for (const column of this.columns.filter(({ rated }) => !rated)) column.settle();
    this.#render();
    await this.answers.flush();
    await this.#log.proved();
    this.#left = true;
    this.#player.pause();
    await finish(this.form, (stuck) => stuck && this.#say(text("held")));
  }

  #point() {
    this.toggleAttribute("data-asked", true);
    const first = this.columns.find((column) => !column.heard || !column.rated);
    if (this.choices && first?.heard !== false) this.choices.focusChoice();
    else first?.button.focus();
  }

  #render() {
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
  if (error.unproved) return "unproved";
  if (error instanceof NotExact) return "silent";
  return error instanceof SoundsDoNotFit ? "mismatch" : "failed";
}

customElements.define("listening-trial", ListeningTrial);
