// The way out of a trial: asked for until the server answers, so that a lost connection never ends in an error page.

const WAIT_MS = 2000;

/** Send `form`, again and again until it has arrived, and go where the sitting stands; `told(true)` while it waits. */
export async function finish(form, told) {
  for (;;) {
    const response = await sent(form);
    if (response?.type === "opaqueredirect") return location.replace(form.dataset.home);
    if (response && response.status < 500) return form.submit(); // it says what is missing: show that page
    told(true);
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

async function sent(form) {
  try {
    return await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
  } catch {
    return null;
  }
}
