/**
 * <sound-upload announce="…/files/">: sends files, a folder or a zip in pieces, and goes on where a connection was cut.
 *
 * The server is told the names and sizes first and answers how much of each has come; a piece is PUT at its offset, and
 * a 409 says where to go on. When all has come the form `data-check` is sent, and the page shows the grid. Without
 * JavaScript sounds come by `manage.py import_study` or from a folder of the server.
 */
const PIECE = 4 * 1024 * 1024;
const AT_ONCE = 2;
const BATCH = 500;
const PAUSES = Object.freeze([500, 1000, 2000, 5000]);

class SoundUpload extends HTMLElement {
  #stop = null;
  #sending = null;
  #total = 0;
  #sent = 0;
  #done = 0;
  #count = 0;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const zone = this.querySelector(".snd-zone");
    for (const kind of ["dragenter", "dragover"]) zone.addEventListener(kind, (event) => this.#over(event), { signal });
    zone.addEventListener("dragleave", () => zone.classList.remove("snd-over"), { signal });
    zone.addEventListener("drop", (event) => this.#drop(event), { signal });
    for (const input of this.querySelectorAll("input[type=file]")) {
      input.addEventListener("change", () => this.#send([...input.files].map(named)), { signal });
    }
    this.querySelector("[data-stop]").addEventListener("click", () => this.#interrupt(), { signal });
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#sending?.abort();
  }

  #over(event) {
    event.preventDefault();
    event.currentTarget.classList.add("snd-over");
  }

  async #drop(event) {
    event.preventDefault();
    event.currentTarget.classList.remove("snd-over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const loose = [...event.dataTransfer.files].map(named);
    this.#say(this.dataset.reading);
    this.#send(entries.length ? (await Promise.all(entries.map((entry) => below(entry)))).flat() : loose);
  }

  async #send(files) {
    if (this.#sending) return;
    if (!files.length) return this.#say(this.dataset.none);
    this.#sending = new AbortController();
    this.querySelector(".snd-sending").hidden = false;
    this.toggleAttribute("sending", true);
    [this.#total, this.#sent, this.#done, this.#count] = [0, 0, 0, files.length];
    try {
      await this.#all(files);
      this.#finish();
    } catch (error) {
      this.#say(error.name === "AbortError" ? this.dataset.stopped : error.message);
    } finally {
      this.#sending = null;
      this.toggleAttribute("sending", false);
    }
  }

  async #all(files) {
    this.#say(this.dataset.reading);
    const waiting = [];
    for (let at = 0; at < files.length; at += BATCH) {
      const batch = files.slice(at, at + BATCH);
      const rows = await this.#announce(batch);
      rows.forEach((row, number) => waiting.push({ row, file: batch[number].file }));
    }
    const refused = waiting.filter(({ row }) => row.problem);
    this.#refuse(refused.map(({ row }) => row.problem));
    const wanted = waiting.filter(({ row }) => !row.problem);
    this.#count = wanted.length;
    this.#total = wanted.reduce((sum, { row }) => sum + row.size, 0);
    this.#sent = wanted.reduce((sum, { row }) => sum + row.received, 0);
    this.#show();
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work(wanted)));
  }

  async #work(waiting) {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await this.#file(next.row, next.file);
      this.#done += 1;
      this.#show();
    }
  }

  async #file(row, file) {
    let offset = row.received;
    let failures = 0;
    while (offset < file.size) {
      const piece = file.slice(offset, offset + PIECE);
      const answer = await this.#put(`${this.getAttribute("announce")}${row.id}/?offset=${offset}`, piece);
      const told = answer && (await answer.json().catch(() => ({})));
      if (answer?.ok || answer?.status === 409) {
        this.#sent += told.received - offset;
        offset = told.received;
        failures = 0;
        this.#show();
      } else if (answer && answer.status < 500) {
        throw new Error(told.error ?? answer.statusText);
      } else if (answer?.status === 507) {
        throw new Error(told.error);
      } else {
        this.#say(this.dataset.cut);
        await this.#pause(PAUSES[Math.min(failures++, PAUSES.length - 1)]);
      }
    }
  }

  async #announce(files) {
    const told = ({ name, file }) => ({ name, size: file.size, modified: file.lastModified });
    const body = JSON.stringify({ files: files.map(told) });
    const headers = { ...this.#token(), "Content-Type": "application/json" };
    const { signal } = this.#sending;
    const answer = await fetch(this.getAttribute("announce"), { method: "POST", headers, body, signal });
    const heard = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(heard.error ?? answer.statusText);
    return heard.files;
  }

  /** Answer null where the connection is cut. */
  async #put(address, body) {
    try {
      return await fetch(address, { method: "PUT", headers: this.#token(), body, signal: this.#sending.signal });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return null;
    }
  }

  #token() {
    return { "X-CSRFToken": this.querySelector("[name=csrfmiddlewaretoken]").value };
  }

  #pause(length) {
    const { signal } = this.#sending;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, length);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new DOMException("stopped", "AbortError"));
      }, { once: true });
    });
  }

  #finish() {
    if (this.#count) this.querySelector("form[data-check]").submit();
    else this.#say(this.dataset.none);
  }

  #interrupt() {
    this.#sending?.abort();
    this.querySelector("form[data-check] button").hidden = false;
  }

  #show() {
    this.querySelector("progress").value = this.#total ? this.#sent / this.#total : 0;
    const counts = [this.#done, this.#count];
    const size = `${(this.#sent / 1e6).toFixed(0)} / ${(this.#total / 1e6).toFixed(0)} MB`;
    this.#say(`${this.dataset.sending.replace(/%d/g, () => counts.shift())} · ${size}`);
  }

  #say(text) {
    this.querySelector(".snd-sending").hidden = false;
    this.querySelector(".snd-status").textContent = text;
  }

  #refuse(problems) {
    const list = this.querySelector(".snd-refused");
    list.hidden = !problems.length;
    list.replaceChildren(...problems.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  }
}

/** Return a chosen file with its path in the folder; the folder's own name is kept, the server drops what all share. */
function named(file) {
  return { name: file.webkitRelativePath || file.name, file };
}

/** Return every file below a dropped entry. */
async function below(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ name: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = entry.createReader();
  const found = [];
  for (let some = await entries(reader); some.length; some = await entries(reader)) found.push(...some);
  return (await Promise.all(found.map(below))).flat();
}

function entries(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

customElements.define("sound-upload", SoundUpload);
