/**
 * <excerpt-chooser seconds="…">: the excerpt on a waveform, dragged or clicked there, or typed into the fields beside it.
 *
 * Without JavaScript the fields alone do it.
 */
const WIDTH = 1000;

class ExcerptChooser extends HTMLElement {
  #stop = null;
  #dragging = false;

  connectedCallback() {
    if (!this.querySelector("form")) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const wave = this.querySelector("svg");
    wave.addEventListener("pointerdown", (event) => this.#begin(event), { signal });
    wave.addEventListener("pointermove", (event) => this.#dragging && this.#move(event), { signal });
    for (const kind of ["pointerup", "pointercancel"]) {
      wave.addEventListener(kind, () => { this.#dragging = false; }, { signal });
    }
    this.addEventListener("input", () => this.#draw(), { signal });
    this.#draw();
  }

  disconnectedCallback() {
    this.#stop?.abort();
  }

  get #seconds() {
    return Number(this.getAttribute("seconds"));
  }

  #field(name) {
    return this.querySelector(`[name=${name}]`);
  }

  #begin(event) {
    this.#dragging = true;
    event.currentTarget.setPointerCapture(event.pointerId);
    this.#move(event);
  }

  #move(event) {
    const box = this.querySelector("svg").getBoundingClientRect();
    const length = Number(this.#field("seconds").value);
    const middle = ((event.clientX - box.left) / box.width) * this.#seconds;
    const start = Math.max(0, Math.min(middle - length / 2, this.#seconds - length));
    this.#field("start").value = start.toFixed(3);
    this.#draw();
  }

  #draw() {
    const chosen = this.querySelector("rect");
    const [start, length] = ["start", "seconds"].map((name) => Number(this.#field(name).value));
    chosen.setAttribute("x", (WIDTH * start) / this.#seconds);
    chosen.setAttribute("width", Math.min(WIDTH, (WIDTH * length) / this.#seconds));
  }
}

customElements.define("excerpt-chooser", ExcerptChooser);
