// The mixer on the audio thread. Messages in: mixer commands, or {do: "drop"}. Messages out: the mixer's state, at
// every change and about thirty times a second while it plays.
// `processorOptions.rehearsed` ([sample, command] pairs) is obeyed at those very samples: for offline rendering.

import { Mixer } from "./mixer.js";

const BLOCKS_BETWEEN_NEWS = 12;

class MixerProcessor extends AudioWorkletProcessor {
  #mixer;
  #rehearsed;
  #dropped = false;
  #block = 0;

  constructor({ processorOptions: { rate, sounds, rehearsed = [] } }) {
    super();
    this.#mixer = new Mixer({ rate, sounds });
    this.#rehearsed = rehearsed.map(([at, command]) => ({ at, command })).sort((a, b) => a.at - b.at);
    this.#mixer.onchange = () => this.port.postMessage(this.#mixer.state);
    this.port.onmessage = ({ data }) => this.#receive(data);
  }

  process(_inputs, [channels]) {
    let done = 0;
    const { clock } = this.#mixer.state;
    while (this.#rehearsed.length && this.#rehearsed[0].at < clock + channels[0].length) {
      const { at, command } = this.#rehearsed.shift();
      this.#render(channels, done, at - clock);
      done = at - clock;
      this.#mixer.obey(command);
    }
    this.#render(channels, done, channels[0].length);
    this.#news();
    return !this.#dropped;
  }

  #render(channels, from, to) {
    if (to > from) this.#mixer.render(channels.map((channel) => channel.subarray(from, to)));
  }

  #news() {
    this.#block = (this.#block + 1) % BLOCKS_BETWEEN_NEWS;
    if (this.#block === 0 && this.#mixer.state.playing) this.port.postMessage(this.#mixer.state);
  }

  #receive(command) {
    if (command.do === "drop") this.#dropped = true;
    else this.#mixer.obey(command);
  }
}

registerProcessor("mixer", MixerProcessor);
