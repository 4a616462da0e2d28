// The list behind an indicator: the calls or requests that it counts, those that are as they should be, or the others.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { callerNumber, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { phone } from "../core/phone.js";
import { ticketKind, ticketState } from "../core/words.js";
import { chip } from "../lists/chip.js";
import { reason } from "./words.js";

const CALLS = [1, 5, 12];
const PAGE = 50;

/**
 * @typedef {{ticket: string | null, call: number | null, at: string, title: string | null, kind: string | null, state: string, unit: string | null,
 *   first_unit: string | null, closing_unit: string | null, agent: string | null, caller: string | null, due_at: string | null, closed_at: string | null,
 *   rating: number | null, days: number | null, good: boolean, why: string}} Row
 */

export class Behind {
  /** @type {Row[] | null} */
  #rows = null;
  /** @type {string | null} */
  #next = null;
  #fault = "";
  #part = "failing";
  #asked = 0;
  #indicator;
  #period;
  #draw;

  /** @param {import("./indicators.js").Indicator} indicator @param {import("./period.js").Period} period @param {() => void} draw */
  constructor(indicator, period, draw) {
    this.#indicator = indicator;
    this.#period = period;
    this.#draw = draw;
    void this.#load();
  }

  get number() {
    return this.#indicator.number;
  }

  /** Show another period. @param {import("./period.js").Period} period */
  ask(period) {
    this.#period = period;
    this.#again();
  }

  #again() {
    this.#rows = null;
    this.#next = null;
    this.#draw();
    void this.#load();
  }

  async #load() {
    const turn = ++this.#asked;
    const query = new URLSearchParams({ since: this.#period.since, until: this.#period.until, part: this.#part, limit: String(PAGE) });
    if (this.#next) query.set("after", this.#next);
    try {
      const answer = await request("GET", `/api/v1/indicators/${this.number}/list?${query}`);
      if (turn !== this.#asked) return;
      this.#rows = [...(this.#rows ?? []), ...answer.rows];
      this.#next = answer.next;
      this.#fault = "";
    } catch (error) {
      if (turn !== this.#asked) return;
      this.#fault = error instanceof ApiError ? error.message : String(error);
    }
    this.#draw();
  }

  view() {
    /** @type {[string, string][]} */
    const parts = [
      ["failing", this.number === 6 || this.number === 5 ? t("Still owed") : t("Not as they should be")],
      ["numerator", t("As they should be")],
      ["denominator", t("All that count")],
    ];
    return html`
      <div class="views" role="group" aria-label=${t("Show")}>${parts.map(([part, label]) => html`<button type="button" class="view"
        aria-pressed=${String(part === this.#part)} data-part=${part} @click=${() => this.#choose(part)}>${label}</button>`)}</div>
      ${this.#fault
        ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}${this.#fault}
            <button class="link" type="button" @click=${() => this.#load()}>${t("Try again")}</button></p>`
        : nothing}
      ${this.#rows === null
        ? this.#fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`
        : this.#rows.length ? this.#table(this.#rows) : html`<p class="empty">${icon("none")}${t("None in this period.")}</p>`}
      ${this.#next ? html`<p class="more"><button class="button" type="button" @click=${() => this.#load()}>${t("Show more")}</button></p>` : nothing}`;
  }

  /** @param {string} part */
  #choose(part) {
    this.#part = part;
    this.#again();
  }

  /** @param {Row[]} rows */
  #table(rows) {
    const columns = CALLS.includes(this.number) ? this.#ofCalls() : this.#ofRequests();
    return html`<div class="table-box behind" tabindex="0" role="region" aria-label=${t("List")}><table>
      <thead><tr>${columns.map(([name]) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${columns.map(([name, cell]) => html`<td data-label=${name}>${cell(row)}</td>`)}</tr>`)}</tbody>
    </table></div>`;
  }

  /** @returns {[string, (row: Row) => unknown][]} */
  #ofRequests() {
    /** @type {[string, (row: Row) => unknown][]} */
    const more = this.number === 4
      ? [[t("First unit"), (row) => row.first_unit ?? "—"], [t("Closing unit"), (row) => row.closing_unit ?? "—"]]
      : this.number === 7
        ? [[t("Working days"), (row) => row.days ?? "—"], [t("Agent"), (row) => row.agent ?? "—"]]
        : [[t("Unit"), (row) => row.unit ?? "—"], [t("Due"), (row) => shortMoment(row.due_at)], [t("Closed at"), (row) => shortMoment(row.closed_at)]];
    return [
      [t("Number"), (row) => html`<a class="number" href=${`/tickets/${row.ticket}`}>${row.ticket}</a>`],
      [t("Title"), (row) => html`<span class="behind-title">${row.title}</span>`],
      [t("Kind"), (row) => ticketKind(row.kind ?? "—")[0]],
      [t("State"), (row) => chip(ticketState(row.state))],
      ...more,
      [t("Because"), (row) => chip(reason(row.why))],
    ];
  }

  /** @returns {[string, (row: Row) => unknown][]} */
  #ofCalls() {
    return [
      [t("Time"), (row) => shortMoment(row.at)],
      [t("Caller"), (row) => (row.call ? phone("call", row.call, "caller", row.caller) : callerNumber(row.caller))],
      [t("Agent"), (row) => row.agent ?? "—"],
      ...(this.number === 12 ? [/** @type {[string, (row: Row) => unknown]} */ ([t("Rating"), (row) => row.rating ?? "—"])] : []),
      [t("Ticket"), (row) => (row.ticket ? html`<a class="number" href=${`/tickets/${row.ticket}`}>${row.ticket}</a>` : "—")],
      [t("Because"), (row) => chip(reason(row.why))],
    ];
  }
}
