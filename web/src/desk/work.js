// What waits for the agent: the callbacks owed and the calls just taken.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { between, callerNumber, clockMinute, duration, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { callbackState, outcome } from "../core/words.js";
import { heldBecause, owedBecause } from "../core/words_owed.js";
import { chip } from "../lists/chip.js";
import { lineChip } from "../lists/line_quality.js";

/** @typedef {{id?: number, at: string, agent: string, result: string, number?: string, ended_at?: string, note?: string, call?: number}} Attempt */
/** @typedef {{id: number, caller: string, state: string, reason?: string, opened_at: string, due_at: string,
 *   settled_by?: string, settled_at?: string, settled_call?: number, attempts?: Attempt[], calls?: number[], ticket?: string,
 *   number?: string, called_at?: string, next_at?: string, priority?: number, held?: string, assigned?: string,
 *   escalated_at?: string, note?: string}} Callback */
/** @typedef {{id: string | number, caller: string, direction: string, started_at: string, queued_at?: string,
 *   answered_at?: string, ended_at?: string, agent?: string, seat?: string, outcome: string, recording?: string,
 *   rating?: number, ticket?: string,
 *   cut?: boolean, mos_citizen?: number, mos_agent?: number, line_loss?: number, line_jitter_ms?: number,
 *   line_rtt_ms?: number}} Call */

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

/** In the order in which they are dialled: brought forward ones first, then who waits longest. @param {Callback[]} callbacks */
export const inOrder = (callbacks) =>
  [...callbacks].sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0) || a.due_at.localeCompare(b.due_at));

/**
 * Whether this agent may start it: nobody dials it, it needs no supervisor, and it is not kept for somebody else.
 * @param {Callback} callback
 * @param {string} agent
 */
export const dialable = ({ state, held, assigned }, agent) =>
  state !== "dialling" && !held && (!assigned || assigned === agent);

/**
 * @param {import("./desk.js").Desk} desk
 * @param {import("../core/live.js").Owed | undefined} work
 * @param {number} now milliseconds
 */
export function callbacksPanel(desk, work, now) {
  const { callbacks, agent } = desk;
  const sorted = inOrder(callbacks ?? []);
  const first = desk.nextToDial;
  return html`
    <section class="panel" aria-labelledby="owed">
      <header><h2 id="owed">${t("Callbacks owed")}</h2><strong class="count">${callbacks ? sorted.length : "…"}</strong></header>
      ${work && sorted.length ? html`<p class="hint work-mode">${mode(work)}</p>` : nothing}
      ${callbacks && !sorted.length ? html`<p class="empty">${icon("met")}${t("Nobody waits to be called back.")}</p>` : nothing}
      <ul class="rows">
        ${repeat(sorted, ({ id }) => id, (callback) => html`<li class="row">
          <b class="number">${callerNumber(callback.number || callback.caller)}</b>
          <span class="row-chips">${callback.held ? chip([heldBecause(callback.held)[0], "bad"]) : nothing}${
            callback.assigned ? chip([callback.assigned === agent ? t("For you") : t("For {agent}", { agent: callback.assigned }), "note"]) : nothing}${
            chip(callbackState(callback.state))}</span>
          <span class="row-main">${owedBecause(callback.reason ?? "")[0]} · ${t("Due {time}", { time: clockMinute(callback.due_at) })}</span>${due(callback, now)}
          ${work?.mode === "preview" && dialable(callback, agent)
            ? html`<button class="button small row-dial" type="button" ?disabled=${desk.busy || !desk.mayDial}
                aria-keyshortcuts=${callback === first ? "F9" : nothing} @click=${() => desk.dial(callback)}>
                ${icon("phone")}${t("Dial")}${callback === first ? html`<kbd>F9</kbd>` : nothing}</button>`
            : nothing}
        </li>`)}
      </ul>
    </section>
  `;
}

/** @param {import("../core/live.js").Owed} work */
function mode(work) {
  if (work.line === false) return t("There is no line to dial out; tell the supervisor.");
  if (work.mode === "preview") return t("You start each callback yourself.");
  if (work.mode === "off") return t("Callbacks are switched off.");
  return t("Dialled by itself whenever an agent is free and nobody waits.");
}

/** @param {Call[] | null} calls */
export function recentPanel(calls) {
  return html`
    <section class="panel" aria-labelledby="recent">
      <header><h2 id="recent">${t("My recent calls")}</h2></header>
      ${calls && !calls.length ? html`<p class="empty">${t("No calls yet.")}</p>` : nothing}
      <ul class="rows">
        ${repeat(calls ?? [], ({ id }) => id, (call) => html`<li class="row">
          <b class="number">${callerNumber(call.caller)}</b>${chip(outcome(call.outcome))}${lineChip(call)}
          <span class="row-main">${shortMoment(call.started_at)}</span>
          <span class="due">${duration(between(call.answered_at, call.ended_at))}</span>
        </li>`)}
      </ul>
    </section>
  `;
}
