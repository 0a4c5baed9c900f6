// Which key does what on a trial page. Pure.

const CHOSEN = "[aria-pressed=true]:is(.pick, .card, .open-sound)";

/** Return {do, index?} for a keydown `event` on a page of `count` stimuli, or null if the key is not ours. */
export function keyAction(event, count) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const digit = Number.parseInt(event.key, 10);
  if (digit >= 1 && digit <= count) return { do: "stimulus", index: digit - 1 };
  if (event.key === "0" || event.key.toLowerCase() === "r") return { do: "reference" };
  if (event.key.toLowerCase() === "l") return { do: "loop" };
  const pressing = event.target.closest?.("button, summary, a, textarea, [type=radio]:not(:checked)");
  if (event.key === " " && (!pressing || onChosen(event))) return { do: "toggle" };
  return null;
}

/** Whether a key is pressed on the button of the sound that is chosen: space pauses it, and goes on. */
export function onChosen({ target }) {
  return Boolean(target.closest?.(CHOSEN));
}
