// The strip: some seconds of the waveform with lines and words over it, which are dragged by their ends or as a whole.

import { shifted, stretched } from "./moves.js";

const SPANS_SECONDS = Object.freeze([2, 4, 8, 16, 32]);
const LEAD_SHARE = 0.15;
const TURN_SHARE = 0.85;
const CLICK_PIXELS = 4;

/**
 * Emits "choose" (`detail`: [first, last] word), "seek" (`detail`: seconds) and "move" (`detail`: new times by word).
 * A drag shows where the words would go and moves them when it ends; Escape ends it without.
 */
export class Timeline extends EventTarget {
  #strip;
  #page;
  #lines;
  #from = 0;
  #zoom = 2;
  #drag = null;
  #shown = { words: [], moved: new Set(), chosen: null, time: 0 };

  /** `strip`: the element; `page`: seconds, envelope, may; `lines`: [first, last, text] each, with each word's text. */
  constructor(strip, page, lines, signal) {
    super();
    [this.#strip, this.#page, this.#lines] = [strip, page, lines];
    this.canvas = strip.querySelector("canvas");
    this.layer = strip.querySelector(".kar-layer");
    const on = (target, name, listener) => target.addEventListener(name, listener, { signal });
    on(strip, "pointerdown", (event) => this.#begin(event));
    on(strip, "pointermove", (event) => this.#drag && this.#follow(event));
    on(strip, "pointerup", (event) => this.#end(event));
    on(strip, "pointercancel", () => this.#drop());
    on(document, "keydown", (event) => event.key === "Escape" && this.#drop());
    strip.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    const resized = new ResizeObserver(() => this.draw());
    resized.observe(strip);
    signal.addEventListener("abort", () => resized.disconnect());
  }

  get span() {
    return SPANS_SECONDS[this.#zoom];
  }

  /** Show more seconds (`by` > 0) or fewer, around the middle. */
  zoom(by) {
    const middle = this.#from + this.span / 2;
    this.#zoom = Math.min(SPANS_SECONDS.length - 1, Math.max(0, this.#zoom + by));
    this.#go(middle - this.span / 2);
  }

  /** Show the words as they stand, which of them were moved, and which are chosen. */
  show(shown) {
    Object.assign(this.#shown, shown);
    this.draw();
  }

  /** Show where playback is, in sight. */
  at(time) {
    this.#shown.time = time;
    const share = (time - this.#from) / this.span;
    if (!this.#drag && (share < 0 || share > TURN_SHARE)) this.#go(time - LEAD_SHARE * this.span);
    else this.#playhead();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width) return;
    this.#waveform(width, height);
    this.#boxes();
    this.#playhead();
  }

  #go(from) {
    this.#from = Math.max(0, Math.min(from, this.#page.seconds - this.span / 2));
    this.draw();
  }

  #waveform(width, height) {
    const { envelope, seconds } = this.#page;
    const ratio = globalThis.devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.fillStyle = getComputedStyle(this.canvas).color;
    const perSecond = envelope.length / seconds;
    for (let x = 0; x < width; x += 2) {
      const begin = Math.floor((this.#from + (x / width) * this.span) * perSecond);
      const end = Math.max(begin + 1, Math.floor((this.#from + ((x + 2) / width) * this.span) * perSecond));
      const peak = Math.max(0, ...envelope.slice(begin, end)) / 100;
      if (peak) pen.fillRect(x, (height * (1 - peak)) / 2, 1.5, Math.max(1, height * peak));
    }
  }

  #boxes() {
    const words = this.#drag?.times ? this.#previewed() : this.#shown.words;
    const boxes = [];
    this.#lines.forEach(({ first, last, written, texts }) => {
      if (!this.#visible(words[first][0], words[last][1])) return;
      boxes.push(this.#box("kar-line-box", [first, last], written, words));
      for (let number = first; number <= last; number += 1) {
        if (this.#visible(words[number][0], words[number][1])) {
          boxes.push(this.#box("kar-word-box", [number, number], texts[number - first], words));
        }
      }
    });
    this.layer.replaceChildren(...boxes);
  }

  #previewed() {
    return this.#shown.words.map((word, number) => this.#drag.times[number] ?? word);
  }

  #visible(start, end) {
    return end > this.#from && start < this.#from + this.span;
  }

  #box(kind, [first, last], text, words) {
    const box = document.createElement("div");
    box.className = kind;
    box.dataset.first = first;
    box.dataset.last = last;
    box.textContent = text;
    box.style.insetInlineStart = `${(100 * (words[first][0] - this.#from)) / this.span}%`;
    box.style.inlineSize = `${(100 * (words[last][1] - words[first][0])) / this.span}%`;
    const chosen = this.#shown.chosen;
    box.toggleAttribute("data-chosen", Boolean(chosen && chosen[0] === first && chosen[1] === last));
    box.toggleAttribute("data-moved", first === last && this.#shown.moved.has(first));
    if (this.#page.may) box.append(handle("start"), handle("end"));
    return box;
  }

  #playhead() {
    const at = (100 * (this.#shown.time - this.#from)) / this.span;
    this.#strip.style.setProperty("--kar-at", `${Math.min(101, Math.max(-1, at))}%`);
  }

  #seconds(event) {
    const box = this.canvas.getBoundingClientRect();
    return this.#from + ((event.clientX - box.left) / box.width) * this.span;
  }

  #begin(event) {
    if (event.button) return;
    const box = event.target.closest("[data-first]");
    const words = box && [Number(box.dataset.first), Number(box.dataset.last)];
    const edge = event.target.dataset.edge ?? null;
    this.#drag = { words, edge, x: event.clientX, at: this.#seconds(event), from: this.#from, times: null };
    this.#strip.setPointerCapture(event.pointerId);
    if (words) this.#emit("choose", words);
  }

  #follow(event) {
    const { words, edge, x, at, from } = this.#drag;
    if (Math.abs(event.clientX - x) < CLICK_PIXELS && !this.#drag.moved) return;
    this.#drag.moved = true;
    if (!words || !this.#page.may) {
      const box = this.canvas.getBoundingClientRect();
      this.#go(from - ((event.clientX - x) / box.width) * this.span);
      return;
    }
    const by = this.#seconds(event) - at;
    const { seconds } = this.#page;
    const start = edge === "end" ? this.#shown.words[words[1]][1] : this.#shown.words[words[0]][0];
    this.#drag.times = edge
      ? stretched(this.#shown.words, words, { edge, to: start + by, seconds })
      : shifted(this.#shown.words, words, { by, seconds });
    this.#boxes();
  }

  #end(event) {
    const drag = this.#drag;
    this.#drag = null;
    if (drag?.times) this.#emit("move", drag.times);
    else if (drag && !drag.moved) this.#emit("seek", drag.words && !drag.edge ? this.#shown.words[drag.words[0]][0] : this.#seconds(event));
    this.draw();
  }

  #drop() {
    if (!this.#drag) return;
    this.#drag = null;
    this.draw();
  }

  #wheel(event) {
    const by = event.deltaX || (event.shiftKey ? event.deltaY : 0);
    if (!by) return;
    event.preventDefault();
    this.#go(this.#from + (by / this.canvas.clientWidth) * this.span);
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function handle(edge) {
  const made = document.createElement("span");
  made.className = "kar-edge";
  made.dataset.edge = edge;
  return made;
}
