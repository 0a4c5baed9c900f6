// What is still to be done before a trial may be left. Pure. `page` is {places, opens, rules}: the stimuli ({name,
// heard, rated, score}), the open sounds ({name, heard}) and the rules.

const FULL_SCORE = 100;

/** Return the lines that say it in the words of `text`, in the order of doing: [] if nothing is missing. */
export function missing(page, text) {
  const { places, rules } = page;
  const waiting = unheard(page);
  const lines = waiting.length ? [text(rules.to_end ? "toHearOut" : "toHear", { list: waiting.join(", ") })] : [];
  if (rules.form !== "scale") return places.every(({ rated }) => rated) ? lines : [...lines, text("toChoose")];
  const unrated = mustMove(rules) ? places.filter((place) => !place.rated && (place.heard || !rules.all_heard)) : [];
  if (unrated.length) lines.push(text("toRate", { list: unrated.map(({ name }) => name).join(", ") }));
  if (!lines.length && rules.one_full && !places.some(({ score }) => score >= FULL_SCORE)) lines.push(text("oneFull"));
  return lines;
}

/**
 * Return the names of what must still be heard. Beside sliders the references are there to be used freely;
 * where one answer is asked for, they belong to the question.
 */
export function unheard({ places, opens, rules }) {
  if (!rules.all_heard) return [];
  const references = rules.form === "scale" ? [] : opens.filter(({ heard }) => !heard);
  return [...references.map(({ name }) => name), ...places.filter(({ heard }) => !heard).map(({ name }) => name)];
}

/** A slider that stands nowhere has to be placed, whatever the rules say of the others. */
function mustMove({ all_moved: all, start }) {
  return all || start === "none";
}
