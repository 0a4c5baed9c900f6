// What the server told this page: its rules, sample rate and words.

export let pageData = JSON.parse(document.getElementById("page-data")?.textContent ?? '{"messages":{}}');

/** Go by what the server told of the next trial, which takes this one's place; it `came` at that time (ms since 1970). */
export function renew(told, came) {
  pageData = { ...JSON.parse(told), came };
  document.getElementById("page-data").textContent = told;
}

/** Return the text called `name`, its `{gaps}` filled. */
export function text(name, gaps = {}) {
  return Object.entries(gaps).reduce((line, [gap, value]) => line.replace(`{${gap}}`, value), pageData.messages[name] ?? "");
}
