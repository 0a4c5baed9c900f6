// One trial after another in one document: the next one takes the place of the last, with title, words and rules, while the
// engine, its self-check and the sounds that were loaded ahead live on. Any other page is gone to.

import { loaders } from "./load-early.js";
import { renew, pageData } from "./page-data.js";

const SAME_RELEASE_KEYS = Object.freeze(["page", "loader", "worklet", "rate"]); // files and rate of the trial's page: another release brings others

/** Show the trial of `page` (HTML) in place of this one; `came`: when it came. False if it holds none that fits here. */
export function showNextTrial({ page, came }) {
  const [read, here] = [new DOMParser().parseFromString(page, "text/html"), document.querySelector("listening-trial")];
  const [next, told] = [read.querySelector("listening-trial"), read.getElementById("page-data")?.textContent];
  if (!next || !told || !fits(read, { next, here, told })) return false;
  renew(told, came);
  loaders.begin(pageData.sounds);
  document.title = read.title;
  history.replaceState(null, "", here.querySelector("form.next").dataset.home);
  next.querySelector("noscript")?.remove(); // it was read where no script runs
  here.replaceWith(document.importNode(next, true));
  announce(document.querySelector("listening-trial h1"));
  return true;
}

/** Whether what came is a trial of this sitting, in this language, made for the modules that run here. */
function fits(read, { next, here, told }) {
  const fresh = JSON.parse(told);
  const same = SAME_RELEASE_KEYS.every((name) => fresh[name] === pageData[name]);
  return same && next.dataset.session === here.dataset.session && read.documentElement.lang === document.documentElement.lang;
}

/** Let whoever does not see the page know that it is another one: the question is read, and which trial it is. */
function announce(heading) {
  heading.tabIndex = -1;
  heading.focus();
  scrollTo(0, 0);
}
