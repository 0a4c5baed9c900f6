// A hand beside the page. Questions: {url, again}, answered with {sound} or {error}; {ahead} (urls), answered with {}. Each
// answer names its question by `id`; a first message, without one, says that the worker has started.

import { fetchAhead, sound } from "./sound.js";

onmessage = async ({ data: { id, url, again, ahead } }) => {
  try {
    if (ahead) await fetchAhead(ahead);
    const found = ahead ? {} : { sound: await sound(url, { again }) };
    postMessage({ id, ...found }, found.sound?.channels.map(({ buffer }) => buffer) ?? []);
  } catch ({ message }) {
    postMessage({ id, error: message });
  }
};
postMessage({});
