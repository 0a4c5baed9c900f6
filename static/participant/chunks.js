// The same mixer without an audio thread: rendered here in chunks, a little ahead of time, as buffer sources that start
// one after another on whole samples. A command is heard as soon as the chunks that are already waiting have passed.

import { Mixer } from "./mixer.js";

const CHUNK = 2048;
const AHEAD_SECONDS = 0.15;
const EVERY_MS = 25;

export class Chunks {
  kind = "chunks";
  #context;
  #mixer;
  #tell;
  #channels;
  #rate;
  #timer;
  #next = 0;

  constructor(context, { rate, sounds }, tell) {
    this.#context = context;
    this.#rate = rate;
    this.#channels = sounds[0].length;
    this.#tell = tell;
    this.#mixer = new Mixer({ rate, sounds });
    this.#mixer.onchange = () => tell(this.#mixer.state);
    this.#timer = setInterval(() => this.#fill(), EVERY_MS);
  }

  send(command) {
    if (command.do === "drop") clearInterval(this.#timer);
    else this.#mixer.obey(command);
    this.#fill();
  }

  #fill() {
    if (this.#context.state !== "running") return;
    const now = Math.ceil(this.#context.currentTime * this.#rate);
    if (this.#next < now) this.#next = now + CHUNK;
    while (this.#next < now + AHEAD_SECONDS * this.#rate) this.#queue();
    if (this.#mixer.state.playing) this.#tell(this.#mixer.state);
  }

  #queue() {
    const buffer = this.#context.createBuffer(this.#channels, CHUNK, this.#rate);
    this.#mixer.render(Array.from({ length: this.#channels }, (_, c) => buffer.getChannelData(c)));
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#context.destination);
    source.start(this.#next / this.#rate);
    this.#next += CHUNK;
  }
}
