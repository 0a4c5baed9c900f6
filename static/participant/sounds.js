// A trial's sounds: fetched, checked against their digest, decoded at their own rate (FLAC at the rate of the context is
// bit-exact), and refused unless all are of one shape.

import { decodeFlac, flacLength } from "./flac.js";

const WAITS_MS = [500, 1500, 4000];

export class SoundsDoNotFit extends Error {}

/** Return the channels (Float32Arrays) of each url's sound; `onprogress(done, total)` after each one. */
export async function load(urls, { rate, signal, onprogress = () => {} }) {
  let done = 0;
  onprogress(done, urls.length);
  const sounds = await Promise.all(
    urls.map(async (url) => {
      const sound = await patiently(async () => decode(await fetchWhole(url, signal), rate), signal);
      if (!signal.aborted) onprogress((done += 1), urls.length);
      return sound;
    }),
  );
  const shapes = new Set(sounds.map((sound) => `${sound.length} × ${sound[0].length}`));
  if (shapes.size !== 1) throw new SoundsDoNotFit([...shapes].join(", "));
  return sounds;
}

/** Decode with the browser, which is fast, or by the letter of the format where the browser gives up or falls short. */
async function decode(file, rate) {
  try {
    const buffer = await new OfflineAudioContext(1, 1, rate).decodeAudioData(file.slice(0));
    if (buffer.length !== flacLength(file)) throw new RangeError(`decoded to ${buffer.length} samples`);
    return Array.from({ length: buffer.numberOfChannels }, (_, c) => buffer.getChannelData(c).slice());
  } catch {
    return decodeFlac(file).channels;
  }
}

async function fetchWhole(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${response.status} for a sound`);
  const file = await response.arrayBuffer();
  await verify(file, url.split("/").pop(), response.headers.get("Sound-Check"));
  return file;
}

/** The digest is keyed by the sound's token. crypto.subtle is missing on plain http; there TCP has to do. */
async function verify(file, token, expected) {
  if (!expected || !globalThis.crypto?.subtle) return;
  const keyed = await new Blob([token, file]).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", keyed));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== expected) throw new Error("a sound came damaged");
}

/** Three more tries, each after a longer wait; then the last error. */
async function patiently(attempt, signal) {
  for (const wait of WAITS_MS) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return attempt();
}
