// The answers to choose from. A choice scores the last stimulus of the page; of a pair, the first gets what is left of 100.

const FULL_SCORE = 100;
const SCORE_TOLERANCE = 0.01;

export class ChoiceList extends HTMLElement {
  #listeners = new AbortController();

  connectedCallback() {
    this.field = this.querySelector("fieldset");
    this.choices = [...this.querySelectorAll("input")];
    this.addEventListener("change", ({ target }) => this.#choose(Number(target.value)), this.#listeners);
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  /** Show what stands: open once all that must be heard was, the choice that was made checked. */
  show({ open }) {
    const { score } = this.#cards.at(-1);
    this.field.disabled = !open;
    for (const choice of this.choices) {
      choice.checked = score !== null && Math.abs(Number(choice.value) - score) < SCORE_TOLERANCE;
    }
  }

  /** Let keys choose: go to the answer that was chosen, else to the first one. */
  focusChoice() {
    (this.choices.find((choice) => choice.checked) ?? this.choices[0]).focus();
  }

  get #cards() {
    return [...this.closest(".choosing").querySelectorAll("stimulus-card")];
  }

  #choose(score) {
    const cards = this.#cards;
    cards.at(-1).score = score;
    if (cards.length > 1) cards[0].rate(FULL_SCORE - score);
    cards.at(-1).rate(score);
  }
}

customElements.define("choice-list", ChoiceList);
