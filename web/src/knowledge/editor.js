// Writing an article: a new one, or the next version of one.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { added, changed } from "./articles.js";

/** @typedef {import("./articles.js").Whole} Whole */

export class Editor {
  /** @param {() => void} draw @param {(article: Whole | null) => void} done null when it was given up */
  constructor(draw, done) {
    this.draw = draw;
    this.done = done;
    this.open = false;
    /** @type {Whole | null} the article that is changed; null for a new one */
    this.article = null;
    this.fault = "";
    /** @type {Record<string, string>} */
    this.fields = {};
    /** @type {import("./articles.js").Named[]} */
    this.units = [];
  }

  /** @param {Whole | null} article */
  async begin(article) {
    this.open = true;
    this.article = article;
    this.fault = "";
    this.fields = {};
    this.draw();
    /** @type {HTMLElement | null} */ (document.querySelector(".article-editor [name=title]"))?.focus();
    if (this.units.length) return;
    try {
      this.units = await request("GET", "/api/v1/units");
    } catch {
      this.units = article?.unit ? [article.unit] : [];
    }
    this.draw();
  }

  end() {
    this.open = false;
    this.done(null);
  }

  view() {
    const { article } = this;
    return html`<form class="panel article-editor" @submit=${(/** @type {SubmitEvent} */ event) => this.#send(event)}
        @keydown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "s" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); /** @type {HTMLFormElement} */ (event.currentTarget).requestSubmit(); } }}>
      <h2>${article ? t("New version of “{title}”", { title: article.title }) : t("New article")}</h2>
      <div role="alert">${this.fault ? html`<p class="notice" data-tone="bad">${icon("warn")}${this.fault}</p>` : nothing}</div>
      ${this.#field("title", t("Title"), html`<input name="title" required maxlength="200" .value=${article?.title ?? ""} autocomplete="off" aria-invalid=${this.#wrong("title")}>`)}
      ${this.#field("keywords", t("What citizens ask; other words for it"), html`<input name="keywords" maxlength="1000" .value=${article?.keywords ?? ""} autocomplete="off" aria-invalid=${this.#wrong("keywords")}>`)}
      ${this.#field("body", t("What to answer"), html`<textarea name="body" required maxlength="20000" rows="9" .value=${article?.body ?? ""} aria-invalid=${this.#wrong("body")}></textarea>`)}
      <div class="article-row">
        ${this.#field("unit", t("Responsible unit"), html`<select name="unit" aria-invalid=${this.#wrong("unit")}><option value="">—</option>
          ${this.units.map(({ code, name }) => html`<option value=${code} ?selected=${code === article?.unit?.code}>${name}</option>`)}</select>`)}
        ${this.#field("valid_from", t("Valid from"), html`<input name="valid_from" type="date" .value=${article?.valid_from ?? ""} aria-invalid=${this.#wrong("valid_from")}>`)}
        ${this.#field("valid_until", t("Valid until"), html`<input name="valid_until" type="date" .value=${article?.valid_until ?? ""} aria-invalid=${this.#wrong("valid_until")}>`)}
        ${this.#field("state", t("State"), html`<select name="state">
          ${[["published", t("Published")], ["draft", t("Draft")], ["withdrawn", t("Withdrawn")]].map(
            ([value, word]) => html`<option value=${value} ?selected=${value === (article?.state ?? "published")}>${word}</option>`)}</select>`)}
      </div>
      <p class="buttons"><button class="button primary">${t("Save")} <kbd>Ctrl S</kbd></button>
        <button class="button quiet" type="button" @click=${() => this.end()}>${t("Cancel")}</button></p>
    </form>`;
  }

  /** @param {string} name */
  #wrong(name) {
    return String(name in this.fields);
  }

  /** @param {string} name @param {string} label @param {unknown} input */
  #field(name, label, input) {
    return html`<label><span>${label}</span>${input}<small class="fault">${this.fields[name] ?? ""}</small></label>`;
  }

  /** @param {SubmitEvent} event what was typed stays until the server has it */
  async #send(event) {
    event.preventDefault();
    const given = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target))));
    const fields = { ...given, unit: given.unit || null, valid_from: given.valid_from || null, valid_until: given.valid_until || null };
    try {
      const article = this.article ? await changed(this.article, fields) : await added(fields);
      this.open = false;
      this.done(article);
    } catch (error) {
      this.fault = error instanceof ApiError ? error.message : String(error);
      this.fields = error instanceof ApiError ? error.fields : {};
    }
    this.draw();
  }
}
