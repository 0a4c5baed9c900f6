/**
 * <stimulus-player>: plays the sound of whatever link with `data-plays` is chosen inside, in one player at its foot.
 *
 * `data-plays` says what is heard. Without JavaScript the links lead to the sounds. The same link again pauses; Escape
 * puts the player away. Links are opened as ever with a modifier key.
 */
class StimulusPlayer extends HTMLElement {
  #stop = null;
  #bar = null;
  #audio = null;
  #words = null;
  #link = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#build();
    this.addEventListener("click", (event) => this.#choose(event), { signal });
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.#put(null), { signal });
    for (const kind of ["play", "pause", "ended"]) {
      this.#audio.addEventListener(kind, () => this.#mark(), { signal });
    }
    this.#audio.addEventListener("error", () => this.#fail(), { signal });
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#bar.remove();
  }

  #build() {
    this.#bar = document.createElement("div");
    this.#bar.className = "hb-player-bar";
    this.#bar.hidden = true;
    this.#audio = document.createElement("audio");
    this.#audio.controls = true;
    this.#words = document.createElement("p");
    this.#words.setAttribute("role", "status");
    this.#bar.append(this.#audio, this.#words);
    this.append(this.#bar);
  }

  #choose(event) {
    const link = event.target.closest("a[data-plays]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link === this.#link && !this.#audio.paused) this.#audio.pause();
    else this.#put(link);
  }

  #put(link) {
    this.#mark(false);
    this.#link = link;
    this.#bar.hidden = !link;
    if (!link) {
      this.#audio.pause();
      return;
    }
    this.#words.textContent = link.dataset.plays;
    this.#audio.src = link.getAttribute("href");
    this.#audio.play().catch(() => {});
  }

  #mark(playing = !this.#audio.paused) {
    this.#link?.classList.toggle("hb-playing", playing);
  }

  #fail() {
    if (this.#link) this.#words.textContent = `${this.#link.dataset.plays}: the sound could not be loaded`;
  }
}

customElements.define("stimulus-player", StimulusPlayer);
