// What waits for the agent: the callbacks owed and the calls just taken.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { between, callerNumber, clockTime, duration, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { callbackState, outcome } from "../core/words.js";
import { chip } from "../lists/chip.js";

/** @typedef {{id: string | number, caller: string, state: string, reason?: string, opened_at: string, due_at: string,
 *   settled_by?: string, attempts?: {at: string, agent: string, result: string}[], calls?: string[], ticket?: string}} Callback */
/** @typedef {{id: string | number, caller: string, direction: string, started_at: string, queued_at?: string,
 *   answered_at?: string, ended_at?: string, agent?: string, seat?: string, outcome: string, recording?: string,
 *   rating?: number, ticket?: string,
 *   cut?: boolean}} Call */

/**
 * Time left before a callback is overdue, or how long it has been.
 * @param {Callback} callback
 * @param {number} now milliseconds
 */
export function due({ due_at: dueAt }, now) {
  const seconds = Math.floor((Date.parse(dueAt) - now) / 1000);
  if (Number.isNaN(seconds)) return nothing;
  if (seconds >= 0) {
    const words = t("{time} left", { time: duration(seconds) });
    return html`<span class="due">${words}</span>`;
  }
  const words = t("Overdue {time}", { time: duration(-seconds) });
  return html`<span class="due" data-overdue>${icon("warn")}${words}</span>`;
}

/** @param {Callback[] | null} callbacks @param {number} now */
export function callbacksPanel(callbacks, now) {
  const sorted = [...(callbacks ?? [])].sort((a, b) => a.due_at.localeCompare(b.due_at));
  return html`
    <section class="panel" aria-labelledby="owed">
      <header><h2 id="owed">${t("Callbacks owed")}</h2><strong class="count">${callbacks ? sorted.length : "…"}</strong></header>
      ${callbacks && !sorted.length ? html`<p class="empty">${icon("met")}${t("Nobody waits to be called back.")}</p>` : nothing}
      <ul class="rows">
        ${repeat(sorted, ({ id }) => id, (callback) => html`<li class="row">
          <b class="number">${callerNumber(callback.caller)}</b>${chip(callbackState(callback.state))}
          <span class="row-main">${t("Due {time}", { time: clockTime(callback.due_at) })}</span>${due(callback, now)}
        </li>`)}
      </ul>
    </section>
  `;
}

/** @param {Call[] | null} calls */
export function recentPanel(calls) {
  return html`
    <section class="panel" aria-labelledby="recent">
      <header><h2 id="recent">${t("My recent calls")}</h2></header>
      ${calls && !calls.length ? html`<p class="empty">${t("No calls yet.")}</p>` : nothing}
      <ul class="rows">
        ${repeat(calls ?? [], ({ id }) => id, (call) => html`<li class="row">
          <b class="number">${callerNumber(call.caller)}</b>${chip(outcome(call.outcome))}
          <span class="row-main">${shortMoment(call.started_at)}</span>
          <span class="due">${duration(between(call.answered_at, call.ended_at))}</span>
        </li>`)}
      </ul>
    </section>
  `;
}
