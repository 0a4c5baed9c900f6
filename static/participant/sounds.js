// A trial's sounds: fetched, checked against their digest, decoded at their own rate (FLAC at the rate of the context is
// bit-exact), and refused unless all are of one shape.

import { decodeFlac, flacInfo } from "./flac.js";

const WAITS_MS = [500, 1500, 4000];

export class SoundsDoNotFit extends Error {}

/**
 * Return the channels of each url's sound; `onprogress(done, total)` after each one. 16-bit samples come as Int16Arrays,
 * half the memory and just as exact; deeper ones as Float32Arrays.
 */
export async function load(urls, { rate, signal, onprogress = () => {} }) {
  let done = 0;
  onprogress(done, urls.length);
  const sounds = await Promise.all(
    urls.map(async (url) => {
      const sound = await patiently(async (again) => decode(await fetchWhole(url, { signal, again }), rate), signal);
      if (!signal.aborted) onprogress((done += 1), urls.length);
      return sound;
    }),
  );
  const shapes = new Set(sounds.map((sound) => `${sound.length} × ${sound[0].length}`));
  if (shapes.size !== 1) throw new SoundsDoNotFit([...shapes].join(", "));
  return sounds;
}

/** Bring what will be asked for next into the browser's own cache, one after another; whatever fails is for later. */
export async function fetchAhead(urls, signal) {
  for (const url of urls) {
    const response = await fetch(url, { signal, priority: "low" });
    await response.arrayBuffer();
  }
}

/** Decode with the browser, which is fast, or by the letter of the format where the browser gives up or falls short. */
async function decode(file, rate) {
  const { depth, total } = flacInfo(file);
  const channels = await byBrowser(file.slice(0), { rate, total }).catch(() => decodeFlac(file).channels);
  return depth === 16 ? shorts(channels) : channels;
}

async function byBrowser(file, { rate, total }) {
  const buffer = await new OfflineAudioContext(1, 1, rate).decodeAudioData(file);
  if (buffer.length !== total) throw new RangeError(`decoded to ${buffer.length} samples`);
  return Array.from({ length: buffer.numberOfChannels }, (_, c) => buffer.getChannelData(c));
}

/** Return the 16-bit samples as they were before they were decoded: Chromium divides those above 0 by 32767. */
function shorts(channels) {
  const whole = channels.every((channel) => channel.every((sample) => Number.isInteger(sample * 32768)));
  const above = whole ? 32768 : 32767;
  return channels.map((channel) => {
    const samples = new Int16Array(channel.length);
    for (let n = 0; n < samples.length; n += 1) samples[n] = Math.round(channel[n] * (channel[n] < 0 ? 32768 : above));
    return samples;
  });
}

/** `again`: not from the browser's cache, where a damaged file would be found once more. */
async function fetchWhole(url, { signal, again }) {
  const response = await fetch(url, { signal, cache: again ? "reload" : "default" });
  if (!response.ok) throw new Error(`${response.status} for a sound`);
  const file = await response.arrayBuffer();
  await verify(file, url.split("/").pop(), response.headers.get("Sound-Check"));
  return file;
}

/** The digest is keyed by the sound's token. crypto.subtle is missing on plain http; there TCP has to do. */
async function verify(file, token, expected) {
  if (!expected || !globalThis.crypto?.subtle) return;
  const name = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(token), name, false, ["sign"]);
  const digest = new Uint8Array(await crypto.subtle.sign("HMAC", key, file));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== expected) throw new Error("a sound came damaged");
}

/** One try and three more, each after a longer wait; then the last error. */
async function patiently(attempt, signal) {
  for (const [tries, wait] of WAITS_MS.entries()) {
    try {
      return await attempt(tries > 0);
    } catch (error) {
      if (signal.aborted) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return attempt(true);
}
