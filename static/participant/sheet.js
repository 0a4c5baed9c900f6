// What the server told this page: its rules, sample rate and words.

export const sheet = JSON.parse(document.getElementById("sheet")?.textContent ?? '{"texts":{}}');

/** Return the text called `name`, its `{gaps}` filled. */
export function text(name, gaps = {}) {
  return Object.entries(gaps).reduce((line, [gap, value]) => line.replace(`{${gap}}`, value), sheet.texts[name] ?? "");
}
