/**
 * <lyrics-karaoke>: a song with its words lit as they are sung; a word or line is chosen, moved and saved.
 *
 * Without JavaScript the song can be heard, and the words be read with the times of their lines.
 */
import { Corrections } from "./corrections.js";
import { begun, shifted, stretched } from "./moves.js";
import { Timeline } from "./timeline.js";

const NUDGE_SECONDS = 0.02;
const CLOCK_SECONDS = 0.001; // a player that was sent to a word stands a little before it

class LyricsKaraoke extends HTMLElement {
  #stop = null;
  #page = null;
  #chosen = null;
  #lit = -1;
  #last = -1;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#page = JSON.parse(this.querySelector("#karaoke-data").textContent);
    this.audio = this.querySelector("audio");
    this.buttons = [...this.querySelectorAll("[data-word]")];
    this.lines = [...this.querySelectorAll("[data-line]")].map(line);
    this.tools = this.querySelector(".kar-tools");
    this.corrections = new Corrections(this.#page, this.querySelector("[name=csrfmiddlewaretoken]").value);
    this.timeline = new Timeline(this.querySelector(".kar-strip"), this.#page, this.lines, signal);
    this.#listen((target, name, listener) => target.addEventListener(name, listener, { signal }));
    this.toggleAttribute("data-ready", true);
    if (this.buttons.length) this.buttons[0].tabIndex = 0;
    this.#show();
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  #listen(on) {
    on(this.corrections, "change", () => this.#show());
    on(this.corrections, "status", ({ detail }) => this.#say(detail));
    on(this.timeline, "choose", ({ detail }) => this.#choose(detail));
    on(this.timeline, "seek", ({ detail }) => this.#seek(detail));
    on(this.timeline, "move", ({ detail }) => this.corrections.put(detail));
    on(this, "click", (event) => this.#click(event));
    on(this, "change", (event) => this.#typed(event.target));
    on(this, "keydown", (event) => this.#key(event));
    on(this, "keyup", (event) => event.key === " " && event.target.matches("[data-word]") && event.preventDefault()); // or it is a click too
    for (const name of ["seeked", "timeupdate", "pause"]) on(this.audio, name, () => this.#light());
    on(this.audio, "play", () => this.#follow());
  }

  get #words() {
    return this.corrections.words;
  }

  /** Light the words frame by frame while the song plays. */
  #follow() {
    this.#light();
    if (!this.audio.paused && !this.#stop.signal.aborted) requestAnimationFrame(() => this.#follow());
  }

  #light() {
    const time = this.audio.currentTime;
    const last = begun(this.#words, time + CLOCK_SECONDS);
    const sung = last >= 0 && time < this.#words[last][1] ? last : -1;
    this.timeline.at(time);
    if (sung === this.#lit && last === this.#last) return;
    [this.#lit, this.#last] = [sung, last];
    this.buttons.forEach((button, number) => {
      button.toggleAttribute("data-lit", number === sung);
      button.toggleAttribute("data-past", number <= last && number !== sung);
    });
    if (sung >= 0 && !this.audio.paused) this.#reveal(this.buttons[sung]);
  }

  /** Bring a word into sight within its box, without moving the page. */
  #reveal(button) {
    const box = this.querySelector(".kar-lyrics");
    const [own, word] = [box.getBoundingClientRect(), button.getBoundingClientRect()];
    if (word.top < own.top || word.bottom > own.bottom - word.height) box.scrollTop += word.top - own.top - own.height / 3;
  }

  #show() {
    const { words, moved } = this.corrections;
    this.timeline.show({ words, moved, chosen: this.#chosen });
    this.buttons.forEach((button, number) => {
      button.toggleAttribute("data-moved", moved.has(number));
      button.toggleAttribute("data-unsure", words[number][2] !== null && words[number][2] < 0.5);
    });
    this.#fields();
  }

  #fields() {
    const [start, end, name] = ["start", "end", "chosen"].map((part) => this.querySelector(`[name=${part}]`));
    const chosen = this.#chosen;
    for (const field of this.tools.querySelectorAll("[data-needs]")) field.disabled = !chosen || !this.#page.may;
    for (const [step, able] of [["undo", this.corrections.canUndo], ["redo", this.corrections.canRedo]]) {
      this.querySelector(`[data-do=${step}]`).disabled = !able || !this.#page.may;
    }
    if (!chosen) return;
    [start.value, end.value] = [this.#words[chosen[0]][0].toFixed(2), this.#words[chosen[1]][1].toFixed(2)];
    name.value = chosen[0] === chosen[1]
      ? this.buttons[chosen[0]].textContent.trim()
      : (this.lines.find(({ first }) => first === chosen[0])?.written ?? "");
  }

  /** Take the words [first, last] as chosen, and show them. */
  #choose(chosen, { focus = false } = {}) {
    this.#chosen = chosen;
    this.buttons.forEach((button, number) => {
      const within = number >= chosen[0] && number <= chosen[1];
      button.setAttribute("aria-pressed", String(within));
      button.tabIndex = number === chosen[0] ? 0 : -1;
    });
    if (focus) this.buttons[chosen[0]].focus();
    this.#show();
  }

  #seek(seconds) {
    this.audio.currentTime = seconds;
    this.timeline.at(seconds);
  }

  #click({ target }) {
    const word = target.closest("[data-word]");
    const whole = target.closest("[data-choose]");
    const seek = target.closest("[data-seek]");
    const step = target.closest("[data-do]");
    if (word) this.#go([Number(word.dataset.word), Number(word.dataset.word)]);
    if (whole) this.#go(whole.dataset.choose.split(" ").map(Number));
    if (seek) this.#seek(Number(seek.dataset.seek));
    if (step) this.#do(step.dataset.do);
  }

  #go(chosen, options) {
    this.#choose(chosen, options);
    this.#seek(this.#words[chosen[0]][0]);
  }

  #do(step) {
    const { seconds } = this.#page;
    if (step === "undo") this.corrections.undo();
    if (step === "redo") this.corrections.redo();
    if (step === "closer") this.timeline.zoom(-1);
    if (step === "wider") this.timeline.zoom(1);
    if (step === "line") this.#chooseLine();
    if (step === "play") this.#toggle();
    if (!this.#chosen || !this.#page.may) return;
    const by = { earlier: -NUDGE_SECONDS, later: NUDGE_SECONDS }[step];
    if (by) this.corrections.put(shifted(this.#words, this.#chosen, { by, seconds }));
    if (step === "start" || step === "end") this.#edge(step, this.audio.currentTime);
  }

  #edge(edge, to) {
    const { seconds } = this.#page;
    if (this.#chosen) this.corrections.put(stretched(this.#words, this.#chosen, { edge, to, seconds }));
  }

  #typed({ name, valueAsNumber }) {
    if ((name === "start" || name === "end") && Number.isFinite(valueAsNumber)) this.#edge(name, valueAsNumber);
  }

  #chooseLine() {
    const own = this.lines.find(({ first, last }) => this.#chosen && first <= this.#chosen[0] && this.#chosen[0] <= last);
    if (own) this.#choose([own.first, own.last]);
  }

  #toggle() {
    if (this.audio.paused) this.audio.play();
    else this.audio.pause();
  }

  #key(event) {
    if (event.target.matches("input, textarea, select, summary, a, audio") || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      const step = { z: event.shiftKey ? "redo" : "undo", y: "redo" }[event.key.toLowerCase()];
      return this.#take(event, step && (() => this.#do(step)));
    }
    const words = { ArrowRight: () => this.#step(1), ArrowLeft: () => this.#step(-1) };
    const lines = { ArrowDown: () => this.#stepLine(1), ArrowUp: () => this.#stepLine(-1) };
    const steps = { ",": "earlier", ".": "later", s: "start", e: "end", l: "line", " ": "play" };
    const plain = event.target.matches("button:not([data-word])") && event.key === " ";
    const step = plain ? null : steps[event.key];
    return this.#take(event, step ? () => this.#do(step) : { ...words, ...lines }[event.key]);
  }

  #take(event, act) {
    if (!act) return;
    event.preventDefault();
    act();
  }

  #step(by) {
    const from = this.#chosen ? this.#chosen[by > 0 ? 1 : 0] + by : 0;
    if (this.buttons[from]) this.#go([from, from], { focus: true });
  }

  #stepLine(by) {
    const at = this.lines.findIndex(({ last }) => last >= (this.#chosen?.[0] ?? 0));
    const next = this.lines[this.#chosen ? at + by : at];
    if (next) this.#go([next.first, next.first], { focus: true });
  }

  #say({ text, wrong }) {
    const status = this.querySelector("[role=status]");
    status.textContent = text;
    status.toggleAttribute("data-wrong", wrong);
  }
}

/** Return a line's first and last word, its text and the text of each word. */
function line(element) {
  const own = [...element.querySelectorAll("[data-word]")];
  const texts = own.map((button) => button.textContent.trim());
  const [first, last] = [own[0], own.at(-1)].map((button) => Number(button.dataset.word));
  return { first, last, texts, written: element.dataset.line };
}

customElements.define("lyrics-karaoke", LyricsKaraoke);
