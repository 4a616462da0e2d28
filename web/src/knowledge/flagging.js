// Saying that an article is out of date: one line, from wherever it is read.
import { html, nothing } from "lit-html";
import { ApiError } from "../core/api.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { outdated } from "./articles.js";

/** @typedef {import("./articles.js").Whole} Whole */

/** A button that becomes a line to write on. */
export class Flagging {
  /** @param {() => void} draw @param {(article: Whole) => void} done */
  constructor(draw, done) {
    this.draw = draw;
    this.done = done;
    this.open = false;
    this.fault = "";
  }

  /** Whatever was begun is about another article. */
  reset() {
    this.open = false;
    this.fault = "";
  }

  /** @param {Whole} article */
  button(article) {
    return this.open
      ? nothing
      : html`<button class="button quiet small" type="button" @click=${() => { this.open = true; this.draw(); this.#focus(article); }}>${icon("warn")}${t("Call it out of date")}</button>`;
  }

  /** @param {Whole} article */
  form(article) {
    if (!this.open) return nothing;
    return html`<form class="asking flagging" @submit=${(/** @type {SubmitEvent} */ event) => this.#send(event, article)}
        @keydown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Escape") { event.stopPropagation(); this.reset(); this.draw(); } }}>
      <label><span>${t("What is out of date?")}</span>
        <input id="flag-${article.id}" name="note" required minlength="2" maxlength="300" autocomplete="off" aria-invalid=${String(Boolean(this.fault))}>
        <small class="fault" role="alert">${this.fault}</small></label>
      <p class="buttons"><button class="button primary small">${t("Send to the supervisors")}</button>
        <button class="button quiet small" type="button" @click=${() => { this.reset(); this.draw(); }}>${t("Cancel")}</button></p>
    </form>`;
  }

  /** @param {Whole} article */
  #focus(article) {
    document.getElementById(`flag-${article.id}`)?.focus();
  }

  /** @param {SubmitEvent} event @param {Whole} article */
  async #send(event, article) {
    event.preventDefault();
    const note = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("note") ?? "").trim();
    try {
      const after = await outdated(article.id, note);
      this.reset();
      this.done(after);
    } catch (error) {
      this.fault = error instanceof ApiError ? (error.fields.note ?? error.message) : String(error);
    }
    this.draw();
  }
}
