// What the hotline's own history says of what is being typed: where it belongs, and whether it was asked before.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../../core/api.js";
import { dayOf } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { ticketState } from "../../core/words.js";
import { chip } from "../../lists/chip.js";
import { grouped } from "../../tickets/number.js";

const PAUSE_MS = 500;
/** Below so many characters there is nothing to go by. */
const LEAST = 4;

/** @typedef {{code: string, name: string, probability?: number}} Guess */
/** @typedef {{number: string, title: string, opened_at?: string, state?: string, why?: string[]}} Repeat */
/** @typedef {{category?: Guess | null, unit?: Guess | null, reasons?: string[], tickets?: {number: string, title: string, unit?: any}[], repeats?: Repeat[]}} Answer */

/** Whether this hotline makes suggestions at all. */
let offered = true;

export class Suggestions {
  /** @type {Answer} */
  #answer = {};
  #timer = 0;
  #asked = 0;
  /** Number of the repeat whose button was pressed once. */
  #joining = "";

  /** @param {import("./form.js").TicketForm} form @param {() => void} draw */
  constructor(form, draw) {
    this.form = form;
    this.draw = draw;
  }

  /** The category that one key accepts: none that is chosen already. @returns {Guess | null} */
  get category() {
    const { category } = this.#answer;
    return category && category.code !== this.form.fields["category"] ? category : null;
  }

  /** Something was typed. */
  changed() {
    clearTimeout(this.#timer);
    if (offered) this.#timer = window.setTimeout(() => void this.#ask(), PAUSE_MS);
  }

  async #ask() {
    const { kind, title = "", description = "", place, caller } = this.form.fields;
    const asked = ++this.#asked;
    if (`${title}${description}`.trim().length < LEAST) {
      this.#answer = {};
      return this.draw();
    }
    try {
      const body = { kind: kind || null, title: title.slice(0, 200), description: description.slice(0, 10_000), place: place || null, caller: caller || null, draft: this.form.draft.id };
      const answer = await request("POST", "/api/v1/suggestions", body);
      if (asked === this.#asked) this.#answer = answer ?? {};
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) offered = false;
      // Help that is not there is not missed: the last one stays.
    }
    return this.draw();
  }

  view() {
    const { category, unit, reasons = [], tickets = [], repeats = [] } = this.#answer;
    if (!category && !unit && !repeats.length) return nothing;
    return html`<section class="panel suggestions" aria-labelledby="suggestions" data-testid="suggestions">
      ${category || unit
        ? html`<header><h2 id="suggestions">${t("Suggested by earlier requests")}</h2></header>
            <dl>
              ${category ? html`<div><dt>${t("Category")}</dt><dd><b>${category.name}</b>${share(category.probability)}
                ${this.category
                  ? html`<button class="button small" type="button" aria-keyshortcuts="Alt+Enter" @click=${() => this.form.accept(category.code)}>${t("Take it over")}<kbd>Alt+↵</kbd></button>`
                  : html`<span class="hint">${t("Chosen")}</span>`}</dd></div>` : nothing}
              ${unit ? html`<div><dt>${t("Usually handled by")}</dt><dd><b>${unit.name}</b>${share(unit.probability)}</dd></div>` : nothing}
            </dl>
            ${reasons.length ? html`<p class="hint suggestions-why">${t("Because of")} ${reasons.map((word) => html`<mark>${word}</mark>`)}</p>` : nothing}
            ${tickets.length ? html`<ul class="suggestions-past">${tickets.slice(0, 5).map((one) => html`<li><a href="/tickets/${one.number}" target="_blank">${one.title}</a>
              <small>${one.unit?.name ?? one.unit ?? ""}</small></li>`)}</ul>` : nothing}`
        : nothing}
      ${repeats.length
        ? html`<header><h2>${t("Perhaps asked before")}</h2></header>
            <ul class="repeats">${repeats.slice(0, 4).map((one) => this.#repeat(one))}</ul>`
        : nothing}
    </section>`;
  }

  /** @param {Repeat} repeat */
  #repeat({ number, title, opened_at: opened, state, why = [] }) {
    const merged = this.form.fields["merge_into"] === number;
    const join = () => {
      if (this.#joining === number) this.form.about.join(this.form, number);
      else this.#joining = number;
      this.draw();
    };
    return html`<li>
      <p><a href="/tickets/${number}" target="_blank">${title}</a></p>
      <p class="hint">${grouped(number)} · ${dayOf(opened)} ${state ? chip(ticketState(state)) : nothing}</p>
      ${why.length ? html`<p class="hint">${why.join(" · ")}</p>` : nothing}
      <div class="buttons">
        <button class="button small" type="button" @click=${join}>${this.#joining === number ? t("Press again: this form ends") : t("Add to that request")}</button>
        <button class="button small" type="button" aria-pressed=${String(merged)} @click=${() => this.form.set({ merge_into: merged ? null : number })}>
          ${merged ? t("Will be merged") : t("Accept, then merge")}</button>
      </div></li>`;
  }
}

/** @param {number | undefined} probability */
const share = (probability) => (probability === undefined ? nothing : html`<small class="hint">${Math.floor(probability * 100)}%</small>`);
