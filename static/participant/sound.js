// One sound from its address: fetched, decoded, and handed over only if every sample is the one that was stored. The same
// on the page and as a worker, which has the browser's decoder by way of the page alone: it says {decode, file, rate,
// count}, and is told {decoded, floats}, or {decoded, failure}.
//
// As a worker it says {} once it runs, and takes questions: {id, url, again}, answered with {id, sound} or {id, error},
// or {id, error, unproved: true} where what came was not what was stored, not even when fetched once more.

const parcels = import("./parcel.js"); // these come while the first sound does
const decoding = import("./decode.js");
const asked = new Map(); // what a worker has asked the page to decode, by number
let questions = 0;

/** What came cannot be decoded, or not to the samples that were stored. */
class Unproved extends Error {
  unproved = true;
}

/**
 * Return {rate, depth, channels} of the sound at `url`; `again`: not from the browser's cache, which may be damaged. What
 * is not proved is fetched once more, past the cache; then it rejects with an error that is `unproved`.
 */
export async function sound(url, { signal, again } = {}) {
  try {
    return await proved(url, { signal, cache: again ? "reload" : "default" });
  } catch (error) {
    if (!error.unproved) throw error;
    return proved(url, { signal, cache: "reload" });
  }
}

async function proved(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${response.status} for a sound`);
  const [parcel, { open, checksum }, { shape, exact }] = await Promise.all([response.arrayBuffer(), parcels, decoding]);
  const { file, crc32, rate, depth, count } = opened(() => {
    const found = open(parcel, url.split("/").pop());
    return { ...found, ...shape(found.file) };
  });
  const floats = await decode(file.slice().buffer, { rate, count });
  const channels = floats && exact(floats, depth);
  if (!channels || checksum(channels) !== crc32) throw new Unproved("a sound is not what was stored");
  return { rate, depth, channels };
}

function opened(attempt) {
  try {
    return attempt();
  } catch ({ message }) {
    throw new Unproved(message);
  }
}

/** Return the file's floats, or null if it cannot be decoded; from the page, where this is a worker. */
async function decode(file, shape) {
  if (!globalThis.WorkerGlobalScope) return (await decoding).decode(file, shape);
  return new Promise((resolve, reject) => {
    const decode = (questions += 1);
    asked.set(decode, { resolve, reject });
    postMessage({ decode, file, ...shape }, [file]);
  });
}

function told({ decoded, floats, failure }) {
  const { resolve, reject } = asked.get(decoded);
  asked.delete(decoded);
  if (failure) reject(new Error(failure));
  else resolve(floats);
}

async function answer({ data: { id, url, again } }) {
  try {
    const found = await sound(url, { again });
    postMessage({ id, sound: found }, found.channels.map(({ buffer }) => buffer));
  } catch ({ message, unproved }) {
    postMessage({ id, error: message, unproved });
  }
}

if (globalThis.WorkerGlobalScope) {
  globalThis.onmessage = (message) => ("decoded" in message.data ? told(message.data) : answer(message));
  postMessage({});
}
