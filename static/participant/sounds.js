// A trial's sounds: tried for patiently, and refused unless all are of one shape, at the trial's rate.

import { Loaders } from "./loaders.js";

const RETRY_DELAYS_MS = Object.freeze([500, 1500, 4000]);

export class SoundsDoNotFit extends Error {}

/**
 * Return the channels of each url's sound; `onprogress(done, total)` after each one. 16-bit samples come as Int16Arrays,
 * half the memory and just as exact; deeper ones as Float32Arrays. Rejects with an error that tells the `url` of its sound.
 */
export async function load(urls, { rate, signal, onprogress = () => {}, loaders = new Loaders() }) {
  let done = 0;
  onprogress(done, urls.length);
  const sounds = await Promise.all(
    urls.map(async (url) => {
      const sound = await patiently((again) => loaders.sound(url, { signal, again }), signal).catch((error) => {
        throw Object.assign(error, { url });
      });
      if (!signal.aborted) onprogress((done += 1), urls.length);
      return sound;
    }),
  );
  const shapes = new Set(sounds.map(({ rate, channels }) => `${channels.length} × ${channels[0].length} at ${rate} Hz`));
  if (shapes.size !== 1 || sounds[0].rate !== rate) throw new SoundsDoNotFit([...shapes].join(", "));
  return sounds.map(({ channels }) => channels);
}

/** One try and three more, each after a longer wait; then the last error. What is not as stored was fetched twice already. */
async function patiently(attempt, signal) {
  for (const [tries, wait] of RETRY_DELAYS_MS.entries()) {
    try {
      return await attempt(tries > 0);
    } catch (error) {
      if (signal.aborted || error.unproved) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return attempt(true);
}
