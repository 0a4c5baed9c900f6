// Where words go when one, or a line of them, is moved: never over a neighbour, never out of the recording.

export const SHORTEST_WORD_SECONDS = 0.02;

/**
 * Return the new [start, end] by word of the words `first` to `last` when one `edge` of them ("start" or "end") goes
 * `to` a time: they stretch in between. `words` are [start, end, …] in order, times in seconds.
 */
export function stretched(words, [first, last], { edge, to, seconds }) {
  const [from, until] = [words[first][0], words[last][1]];
  const [low, high] = room(words, [first, last], seconds);
  const shortest = SHORTEST_WORD_SECONDS * (last - first + 1);
  const start = edge === "start" ? clamp(to, low, Math.max(low, until - shortest)) : from;
  const end = edge === "end" ? clamp(to, Math.min(high, from + shortest), high) : until;
  if (first === last) return { [first]: [start, end] };
  const scale = until > from ? (end - start) / (until - from) : 0;
  return placed(words, [first, last], (time) => start + (time - from) * scale);
}

/** Return the new times of the words `first` to `last` when all of them go `by` so many seconds. */
export function shifted(words, [first, last], { by, seconds }) {
  const [low, high] = room(words, [first, last], seconds);
  const allowed = clamp(by, low - words[first][0], high - words[last][1]);
  return placed(words, [first, last], (time) => time + allowed);
}

/** Return the number of the last word that has begun at `time`; -1 before the first. */
export function begun(words, time) {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle][0] <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** From the end of the word before to the start of the next; where words overlap already, no less than they have. */
function room(words, [first, last], seconds) {
  const low = first > 0 ? words[first - 1][1] : 0;
  const high = last < words.length - 1 ? words[last + 1][0] : seconds;
  return [Math.min(low, words[first][0]), Math.max(high, words[last][1])];
}

function placed(words, [first, last], move) {
  const found = {};
  for (let number = first; number <= last; number += 1) found[number] = words[number].slice(0, 2).map(move);
  return found;
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
