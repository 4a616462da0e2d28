// What the citizen said, noted by keyboard: 1, 2, 3 for their word, 4 and 5 when it was not to be had, Enter to keep it.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { t } from "../core/i18n.js";
import { satisfaction } from "./words.js";

/** @typedef {import("./words.js").FollowUp} FollowUp */
/** @typedef {"satisfied" | "fairly" | "unhappy" | "no_answer" | "wrong_number"} Said */

/** @type {Said[]} in the order of their keys */
const KEYS = ["satisfied", "fairly", "unhappy", "no_answer", "wrong_number"];

export class ResultForm {
  /** @type {Said | ""} */
  #said = "";
  #fault = "";
  #busy = false;
  #of = 0;
  /** @type {Map<number, string>} what was typed, by follow-up: changing the row loses nothing */
  #typed = new Map();
  #draw;
  #done;

  /** @param {() => void} draw @param {(row: FollowUp) => void} done */
  constructor(draw, done) {
    this.#draw = draw;
    this.#done = done;
  }

  /** @param {FollowUp} row */
  view(row) {
    if (row.id !== this.#of) {
      this.#of = row.id;
      this.#said = "";
      this.#fault = "";
    }
    const words = this.#typed.get(row.id) ?? "";
    const unhappy = this.#said === "unhappy";
    return html`
      <form class="result" aria-labelledby="result" @submit=${(/** @type {Event} */ event) => this.#submit(event, row)}>
        <h3 id="result">${t("What does the citizen say?")}</h3>
        <div class="said" role="radiogroup" aria-labelledby="result">
          ${KEYS.slice(0, 3).map((key, at) => this.#choice(key, at))}
        </div>
        <label><span>${!unhappy ? t("In the citizen's words") : row.merged ? t("What is not settled? A supervisor reads this.") : t("What is not settled? The unit reads this.")}</span>
          <textarea name="words" rows="3" maxlength="2000" .value=${words} ?required=${unhappy} aria-invalid=${String(Boolean(this.#fault))}
            @input=${(/** @type {InputEvent} */ event) => this.#typed.set(row.id, /** @type {HTMLTextAreaElement} */ (event.target).value)}
            @keydown=${(/** @type {KeyboardEvent} */ event) => this.#inWords(event)}></textarea></label>
        <div class="result-end">
          <div class="buttons" role="group" aria-label=${t("It was not the citizen")}>
            ${KEYS.slice(3).map((key, at) => html`<button class="button small" type="button" aria-pressed=${String(this.#said === key)}
              @click=${() => this.choose(key)}><kbd>${at + 4}</kbd>${key === "no_answer" ? t("Voicemail or another person") : t("Wrong number")}</button>`)}
          </div>
          <button class="button primary" ?disabled=${this.#busy || !this.#said}>${!unhappy ? t("Keep the result") : row.merged ? t("Keep, for a supervisor to decide") : t("Keep, and have it redone")}<kbd>Enter</kbd></button>
        </div>
        <p class="fault" role="alert">${this.#fault}</p>
      </form>`;
  }

  /** @param {Said} key @param {number} at */
  #choice(key, at) {
    const [word, tone] = satisfaction(key);
    return html`<button class="say" type="button" role="radio" aria-checked=${String(this.#said === key)} data-tone=${tone}
      @click=${() => this.choose(key)}><kbd>${at + 1}</kbd>${word}</button>`;
  }

  /** @param {Said} said */
  choose(said) {
    this.#said = said;
    this.#fault = "";
    this.#draw();
    const form = document.querySelector("form.result");
    const next = said === "unhappy" ? form?.querySelector("textarea") : form?.querySelector("button.primary");
    if (next instanceof HTMLElement) next.focus();
  }

  /** A key that was pressed outside of any field. @param {string} key @returns {boolean} whether it meant something */
  key(key) {
    const said = KEYS[Number(key) - 1];
    if (!said || !document.querySelector("form.result")) return false;
    this.choose(said);
    return true;
  }

  /** Enter ends the words as it ends a line elsewhere; Shift makes a new line. @param {KeyboardEvent} event */
  #inWords(event) {
    if (event.key === "Escape") /** @type {HTMLElement} */ (event.target).blur();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !this.#said) return;
    event.preventDefault();
    /** @type {HTMLTextAreaElement} */ (event.target).form?.requestSubmit();
  }

  /** @param {Event} event @param {FollowUp} row */
  async #submit(event, row) {
    event.preventDefault();
    if (this.#busy || !this.#said) return;
    this.#busy = true;
    this.#fault = "";
    this.#draw();
    try {
      const words = (this.#typed.get(row.id) ?? "").trim();
      const after = await request("POST", `/api/v1/follow-ups/${row.id}/result`, { result: this.#said, words });
      this.#typed.delete(row.id);
      this.#said = "";
      this.#done(after);
    } catch (error) {
      this.#fault = error instanceof ApiError ? [error.message, ...Object.values(error.fields)].join(" ") : String(error);
    }
    this.#busy = false;
    this.#draw();
  }
}

/** What was said, once it is known. @param {FollowUp} row */
export function saidOf(row) {
  if (!row.satisfaction) return nothing;
  const [word, tone] = satisfaction(row.satisfaction);
  return html`<blockquote class="was-said" data-tone=${tone}><b>${word}</b>${row.words ? html`<p>${row.words}</p>` : nothing}</blockquote>`;
}
