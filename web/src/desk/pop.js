// Who calls: opened while the phone rings, with all that is known of them.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { callerNumber, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { outcome, ticketKind, ticketState } from "../core/words.js";
import { chip } from "../lists/chip.js";
import { deadline, grouped, minuteOf } from "../tickets/number.js";
import { due } from "./work.js";

/** @typedef {{number: string, title: string, kind: string, state: string, urgency: string, unit?: string | null, opened_at: string, due_at?: string | null, left?: import("../tickets/number.js").Left | null}} Brief */
/** @typedef {{caller: string, name: string | null, calls: {id: number, at: string, direction: string, outcome: string, agent?: string | null, ticket?: string | null}[],
 *   missed: {id: number, at: string, outcome: string, owed: boolean}[], tickets: {open: Brief[], recent: Brief[]}, callback: import("./work.js").Callback | null,
 *   counts: {calls: number, missed: number, tickets: number, open: number}, blocked: string | null}} Card */

/** What was asked for is believed for so long; what could not be had is asked for again after a while. */
const FRESH_MS = 60_000;
const AGAIN_MS = 5000;
/** What the server says by itself comes within so long, or is asked for. */
const TOLD_MS = 400;

export class Cards {
  /** @type {Map<string, {at: number, card: Card | null, fault: string}>} */
  #known = new Map();
  /** What the server said last by itself. @type {{caller: string, card: Card, at: number} | null} */
  #told = null;
  /** Whoever waits for what it will say. @type {(() => void) | null} */
  #waits = null;

  /** @param {() => void} draw */
  constructor(draw) {
    this.draw = draw;
  }

  /** @param {string} caller @returns {Card | null} */
  of(caller) {
    return this.#known.get(caller)?.card ?? null;
  }

  /** The server says by itself what is known of whoever calls. @param {string} caller @param {Card} card */
  told(caller, card) {
    this.#told = { caller, card, at: performance.now() };
    this.#waits?.();
  }

  /** @param {string} caller @returns {Promise<Card | null>} null when it was not said in time */
  async #hear(caller) {
    const said = () => (this.#told?.caller === caller && performance.now() - this.#told.at < AGAIN_MS ? this.#told.card : null);
    if (!said()) await new Promise((resolve) => { this.#waits = () => resolve(null); setTimeout(resolve, TOLD_MS); });
    this.#waits = null;
    return said();
  }

  /**
   * @param {string} caller @param {boolean} [anew] whatever is known already
   * @param {boolean} [comes] the server is about to say it by itself
   * @returns {Promise<Card | null>}
   */
  async load(caller, anew = false, comes = false) {
    if (!caller) return null;
    const known = this.#known.get(caller);
    if (known && !anew && performance.now() - known.at < FRESH_MS) return known.card;
    const entry = { at: performance.now(), card: known?.card ?? null, fault: "" };
    this.#known.set(caller, entry);
    try {
      entry.card = (comes && (await this.#hear(caller))) || (await request("GET", `/api/v1/callers/${encodeURIComponent(caller)}`));
    } catch (error) {
      entry.fault = error instanceof ApiError ? error.message : String(error);
      entry.at -= FRESH_MS - AGAIN_MS;
    }
    this.draw();
    return entry.card;
  }

  /**
   * @param {string} caller empty for a withheld number
   * @param {"ringing" | "talking" | ""} state of the call, or "" when it is over
   * @param {number} now milliseconds
   */
  view(caller, state, now) {
    const known = this.#known.get(caller);
    const card = known?.card?.counts ? known.card : null;
    return html`<section class="panel pop" aria-labelledby="pop" data-testid="pop" data-call=${state || nothing}>
      <header>
        <h2 id="pop" class="pop-number">${callerNumber(caller)}</h2>
        ${card?.name ? html`<p class="pop-name">${card.name}</p>` : nothing}
      </header>
      ${!caller
        ? html`<p class="hint">${t("Nothing is known of a caller who withholds their number.")}</p>`
        : known?.fault
          ? html`<p class="fault" role="alert">${icon("warn")} ${known.fault} <button class="link" type="button" @click=${() => this.load(caller, true)}>${t("Try again")}</button></p>`
          : card
            ? about(card, now)
            : html`<p class="hint" aria-busy="true">${t("Loading…")}</p>`}
    </section>`;
  }
}

/** @param {Card} card @param {number} now */
function about(card, now) {
  const { counts, tickets, callback, missed, calls, blocked } = card;
  const owed = missed.filter((one) => one.owed || !callback);
  if (!counts.calls && !counts.tickets && !callback && !blocked) return html`<p class="hint">${t("They have not called before.")}</p>`;
  return html`
    ${blocked ? html`<p class="notice" data-tone="bad">${icon("stop")}${t("On the list of blocked callers")}</p>` : nothing}
    <dl class="pop-counts">
      <div><dt>${t("Called")}</dt><dd>${many(counts.calls)}</dd></div>
      <div data-tone=${counts.missed ? "warn" : "dim"}><dt>${t("Missed")}</dt><dd>${many(counts.missed)}</dd></div>
      <div><dt>${t("Requests")}</dt><dd>${many(counts.tickets)}</dd></div>
      <div data-tone=${counts.open ? "busy" : "dim"}><dt>${t("Unfinished")}</dt><dd>${many(counts.open)}</dd></div>
    </dl>
    ${callback
      ? html`<div class="pop-part"><h3>${t("Callback owed")}</h3><p class="pop-owed">${due(callback, now)}<span class="hint">${t("Due {time}", { time: minuteOf(callback.due_at) })}</span>
          ${callback.ticket ? html`<a href="/tickets/${callback.ticket}" target="_blank">${grouped(callback.ticket)}</a>` : nothing}</p></div>`
      : nothing}
    ${tickets.open.length ? html`<div class="pop-part"><h3>${t("Open requests")}</h3><ul>${tickets.open.map((one) => ticket(one, now, true))}</ul></div>` : nothing}
    ${owed.length
      ? html`<div class="pop-part"><h3>${t("Missed calls")}</h3><ul>${owed.slice(0, 5).map((one) => html`<li class="pop-line"><span>${minuteOf(one.at)}</span>${chip(outcome(one.outcome))}</li>`)}</ul></div>`
      : nothing}
    ${calls.length
      ? html`<div class="pop-part"><h3>${t("Earlier calls")}</h3><ul>${calls.slice(0, 6).map((one) => html`<li class="pop-line">
          <span title=${shortMoment(one.at)}>${minuteOf(one.at)}</span>${chip(outcome(one.outcome))}<span class="hint">${one.agent ?? ""}</span></li>`)}</ul></div>`
      : nothing}
    ${tickets.recent.length ? html`<div class="pop-part"><h3>${t("Closed requests")}</h3><ul>${tickets.recent.map((one) => ticket(one, now))}</ul></div>` : nothing}
  `;
}

/** Counting ends at a thousand. @param {number} count */
const many = (count) => (count >= 1000 ? "999+" : count);

/** @param {Brief} brief @param {number} now @param {boolean} [open] whether its deadline still counts */
function ticket({ number, title, kind, state, unit, opened_at: opened, due_at: dueAt, left }, now, open = false) {
  const { words, tone } = deadline(left, now);
  return html`<li class="pop-ticket"><a href="/tickets/${number}" target="_blank"><b>${title}</b></a>
    <span class="pop-line">${chip(ticketState(state))}<span class="hint">${ticketKind(kind)[0]} · ${minuteOf(opened).slice(0, 5)}${unit ? ` · ${unit}` : ""}</span>
      ${open && dueAt && tone !== "good" ? html`<span class="due" data-tone=${tone} title="${t("Due")} ${minuteOf(dueAt)}">${words}</span>` : nothing}</span></li>`;
}
