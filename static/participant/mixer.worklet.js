// The mixer on the audio thread. Messages in: {do: "take", sounds, peak}, mixer commands, {do: "drop"}. Messages out:
// {event}, what took effect and at which frame; {state, glitches}, at every change and about thirty times a second
// while it plays.
// `processorOptions.rehearsed` ([sample, command] pairs) is dispatched at those very samples: for offline rendering.

import { Mixer } from "./mixer.js";
import { Underruns } from "./underruns.js";

const BLOCKS_BETWEEN_NEWS = 12;

class MixerProcessor extends AudioWorkletProcessor {
  #mixer = null;
  #rate;
  #rehearsed;
  #underruns;
  #dropped = false;
  #block = 0;

  constructor({ processorOptions: { rate, rehearsed = [] } }) {
    super();
    this.#rate = rate;
    this.#rehearsed = rehearsed.map(([at, command]) => ({ at, command })).sort((a, b) => a.at - b.at);
    this.#underruns = new Underruns(rate);
    this.port.onmessage = ({ data }) => this.#receive(data);
  }

  process(_inputs, [channels]) {
    if (this.#mixer) this.#play(channels);
    this.#underruns.tick(currentFrame, Date.now());
    return !this.#dropped;
  }

  #play(channels) {
    let done = 0;
    const { clock } = this.#mixer.state;
    while (this.#rehearsed.length && this.#rehearsed[0].at < clock + channels[0].length) {
      const { at, command } = this.#rehearsed.shift();
      this.#render(channels, done, at - clock);
      done = at - clock;
      this.#mixer.dispatch(command);
    }
    this.#render(channels, done, channels[0].length);
    this.#block = (this.#block + 1) % BLOCKS_BETWEEN_NEWS;
    if (this.#block === 0 && this.#mixer.state.playing) this.#news();
  }

  #render(channels, from, to) {
    if (to > from) this.#mixer.render(channels.map((channel) => channel.subarray(from, to)));
  }

  #news() {
    this.port.postMessage({ state: this.#mixer.state, glitches: this.#underruns.count });
  }

  #receive(command) {
    if (command.do === "drop") {
      this.#dropped = true;
      this.#mixer = null;
    } else if (command.do === "take") this.#take(command);
    else this.#mixer?.dispatch(command);
  }

  #take({ sounds, peak }) {
    this.#mixer = new Mixer({ rate: this.#rate, sounds, peak });
    this.#mixer.onchange = () => this.#news();
    this.#mixer.onevent = (event) => this.port.postMessage({ event });
    this.#news();
  }
}

registerProcessor("mixer", MixerProcessor);
