// Which key does what on a trial page. Pure.

/** Return {do, index?} for a keydown `event` on a page of `count` stimuli, or null if the key is not ours. */
export function keyAction(event, count) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const digit = Number.parseInt(event.key, 10);
  if (digit >= 1 && digit <= count) return { do: "stimulus", index: digit - 1 };
  if (event.key === "0" || event.key.toLowerCase() === "r") return { do: "reference" };
  if (event.key.toLowerCase() === "l") return { do: "loop" };
  const pressing = event.key === " " && event.target.closest?.("button, summary, a, textarea, [type=radio]:not(:checked)");
  if (event.key === " " && !pressing) return { do: "toggle" };
  return null;
}
