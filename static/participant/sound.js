// One sound from its address: fetched, checked against its digest, decoded bit by bit. The same on the page and as a worker.
//
// As a worker it says {} once it runs, and takes questions: {id, url, again}, answered with {id, sound} or {id, error},
// and {id, ahead} (urls), answered with {id}.

const flac = import("./flac.js"); // comes while the first sound does

/** Return {rate, depth, channels} of the FLAC file at `url`; `again`: not from the browser's cache, which may be damaged. */
export async function sound(url, { signal, again } = {}) {
  const response = await fetch(url, { signal, cache: again ? "reload" : "default" });
  if (!response.ok) throw new Error(`${response.status} for a sound`);
  const file = await response.arrayBuffer();
  await verify(file, url.split("/").pop(), response.headers.get("Sound-Check"));
  return (await flac).decodeFlac(file);
}

/** Bring what will be asked for next into the browser's cache, one after another. What fails is left for its own page. */
export async function fetchAhead(urls) {
  for (const url of urls) {
    const response = await fetch(url, { priority: "low" }).catch(() => null);
    await response?.arrayBuffer().catch(() => null);
  }
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

async function answer({ data: { id, url, again, ahead } }) {
  try {
    const found = ahead ? await fetchAhead(ahead) : await sound(url, { again });
    postMessage({ id, sound: found }, found?.channels.map(({ buffer }) => buffer) ?? []);
  } catch ({ message }) {
    postMessage({ id, error: message });
  }
}

if (globalThis.WorkerGlobalScope) {
  globalThis.onmessage = answer;
  postMessage({});
}
