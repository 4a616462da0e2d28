// The search box of the knowledge base: asks as one types, and keeps only the newest answer.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { ApiError } from "../core/api.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { found, item, whole } from "./articles.js";

/** @typedef {import("./articles.js").Article} Article */
/** @typedef {import("./articles.js").Whole} Whole */

const SETTLE_MS = 200;

export class Finding {
  /**
   * @param {() => void} draw
   * @param {{limit: number, opened?: () => void}} options `opened` when another article is shown
   */
  constructor(draw, { limit, opened }) {
    this.draw = draw;
    this.limit = limit;
    this.opened = opened;
    this.q = "";
    this.view = "all";
    /** @type {Article[] | null} */
    this.rows = null;
    this.more = false;
    this.fault = "";
    /** @type {Whole | null} */
    this.article = null;
    this.asked = 0;
    this.timer = 0;
  }

  /** Ask anew; `keep` leaves what is being read open. */
  async ask(keep = false) {
    const turn = ++this.asked;
    try {
      const answer = await found({ q: this.q, view: this.view, limit: String(this.limit) });
      if (turn !== this.asked) return;
      this.rows = answer.rows;
      this.more = answer.more;
      this.fault = "";
    } catch (error) {
      if (turn !== this.asked) return;
      this.fault = error instanceof ApiError ? error.message : String(error);
    }
    if (!keep && !this.rows?.some(({ id }) => id === this.article?.id)) this.article = null;
    this.draw();
  }

  /** @param {string} q */
  typed(q) {
    this.q = q;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), SETTLE_MS);
  }

  /** @param {number} id */
  async open(id) {
    try {
      const article = await whole(id);
      this.article = article;
      this.fault = "";
    } catch (error) {
      this.fault = error instanceof ApiError ? error.message : String(error);
    }
    this.opened?.();
    this.draw();
    document.getElementById(`article-${id}`)?.scrollIntoView({ block: "nearest" });
  }

  /** Up and down walk through what was found, Escape empties the box. @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing) return; // an input method's own arrows
    const rows = /** @type {Article[]} */ (this.rows ?? []);
    const at = rows.findIndex(({ id }) => id === this.article?.id);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = rows[event.key === "ArrowDown" ? Math.min(at + 1, rows.length - 1) : Math.max(at - 1, 0)];
      if (next) void this.open(next.id);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (at < 0 && rows[0]) void this.open(rows[0].id);
    } else if (event.key === "Escape" && this.q) {
      event.stopPropagation();
      this.q = "";
      this.article = null;
      void this.ask();
    }
  }

  /** Whether there is a list to walk through. */
  get shown() {
    return Boolean(this.rows?.length);
  }

  /** @param {string} name of the box, for its results */
  box(name) {
    return html`<label class="article-search"><span class="sr-only">${t("Search the knowledge base")}</span>
      <input type="search" name=${name} id=${name} role="combobox" aria-expanded=${String(this.shown)} aria-controls=${this.shown ? `${name}-found` : nothing} maxlength="200" autocomplete="off"
        aria-activedescendant=${this.article ? `article-${this.article.id}` : nothing} placeholder=${t("Search the knowledge base")} .value=${this.q}
        @input=${(/** @type {InputEvent} */ { target }) => this.typed(/** @type {HTMLInputElement} */ (target).value)}
        @keydown=${(/** @type {KeyboardEvent} */ event) => this.key(event)}></label>`;
  }

  /** @param {string} name of the box @param {string} empty what to say when there is nothing */
  results(name, empty) {
    return html`
      ${this.fault
        ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}${this.fault}<button class="link" type="button" @click=${() => this.ask(true)}>${t("Try again")}</button></p>`
        : nothing}
      ${this.rows === null
        ? this.fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`
        : this.rows.length
          ? html`<ul class="article-list" role="listbox" id="${name}-found" aria-label=${t("Articles found")}>
              ${repeat(this.rows, ({ id }) => id, (row) => item(row, this.q, row.id === this.article?.id, () => void this.open(row.id)))}</ul>
              ${this.more ? html`<p class="article-more">${t("Only the best {count} are shown; one more word narrows it.", { count: this.rows.length })}</p>` : nothing}`
          : html`<p class="empty">${icon("none")}${this.q ? t("Nothing has all of these words.") : empty}</p>`}
    `;
  }
}
