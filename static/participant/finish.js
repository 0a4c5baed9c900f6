// The way out of a trial: asked for until the server answers, so that a lost connection never ends in an error page.

import { showNextTrial } from "./next-trial.js";

const STUCK_AFTER_MS = 2000;

/**
 * Send `form`, again and again until it has arrived; `told(true)` while it waits. Then the next trial takes the place of
 * this one, or the browser goes to the page at which the sitting stands.
 */
export async function finish(form, told) {
  for (;;) {
    const response = await sent(form);
    if (response?.ok) return showNextTrial(response) || location.replace(form.dataset.home);
    if (response?.type === "opaqueredirect") return location.replace(form.dataset.home);
    if (response && response.status < 500) return form.submit(); // it says what is missing: show that page
    told(true);
    await new Promise((resolve) => setTimeout(resolve, STUCK_AFTER_MS));
  }
}

/** Return {ok, status, type, page, came}: the page that comes next, and when it came; null if nothing, or half of it, did. */
async function sent(form) {
  try {
    const headers = { "In-Place": "yes" };
    const response = await fetch(form.action, { method: "POST", headers, body: new FormData(form), redirect: "manual" });
    const { ok, status, type } = response;
    const came = Date.now();
    return { ok, status, type, came, page: ok ? await response.text() : "" };
  } catch {
    return null;
  }
}
