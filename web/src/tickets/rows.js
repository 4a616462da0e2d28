// One request in a list: two lines that say what it is, where it is and how long it has.
import { html, nothing } from "lit-html";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { ticketKind, ticketState } from "../core/words.js";
import { chip } from "../lists/chip.js";
import { deadline, grouped, minuteOf } from "./number.js";
import { satisfaction, source, urgency } from "./words.js";

/** @typedef {{code: string, name: string}} Named */
/** @typedef {{number: string, kind: string, state: string, version?: number, caller?: string | null, title?: string, description?: string, unit?: string | null,
 *   source?: string, urgency?: string, confidential?: boolean, category?: Named | null, place?: Named | null, agent?: string | null,
 *   accepted_by?: string | null, opened_at: string, due_at?: string | null, left?: import("./number.js").Left | null, dispatched_at?: string | null, closed_at?: string | null, satisfaction?: string | null,
 *   pending?: string | null, pending_days?: number | null, supervised?: boolean, reminded?: number, redone?: number}} Row */

/** @param {Row} one @param {number} now @param {boolean} forUnit */
export function row(one, now, forUnit) {
  const left = deadline(one.left, now);
  const late = !one.closed_at && left.tone === "bad";
  return html`<li class="work-row" data-urgency=${one.urgency ?? "normal"} data-late=${String(late)} data-number=${one.number}>
    <a class="work-link" href="/tickets/${one.number}">
      <span class="work-number number">${grouped(one.number)}</span>
      <span class="work-title"><b>${one.title || t("(no subject)")}</b><span class="work-second">
        ${one.confidential ? html`<span class="flag" data-tone="note" title=${t("Confidential")}>${icon("lock")}<span class="sr-only">${t("Confidential")}</span></span>` : nothing}
        ${one.urgency && one.urgency !== "normal" ? chip(urgency(one.urgency)) : nothing}
        ${one.supervised ? html`<span class="chip" data-tone="bad">${t("Supervised")}</span>` : nothing}
        ${one.pending ? html`<span class="chip" data-tone="warn">${t("+{days} days?", { days: one.pending_days ?? "" })}</span>` : nothing}
        ${one.reminded ? html`<span class="chip" data-tone="warn">${t("reminded")} ${one.reminded}</span>` : nothing}
        ${one.redone ? html`<span class="chip" data-tone="warn">${t("redone")} ${one.redone}</span>` : nothing}
        ${one.description ? html`<small>${one.description}</small>` : nothing}</span></span>
      <span class="work-state">${chip(ticketState(one.state))}</span>
      <span class="work-where"><span>${forUnit ? one.category?.name ?? "" : one.unit ?? ""}</span><small>${[forUnit ? "" : one.category?.name, one.place?.name].filter(Boolean).join(" · ")}</small></span>
      <span class="work-from"><span>${ticketKind(one.kind)[0]}</span><small>${[one.source && one.source !== "phone" ? source(one.source)[0] : "", one.agent ?? one.accepted_by].filter(Boolean).join(" · ")}</small></span>
      <span class="work-time"><span>${minuteOf(one.opened_at)}</span>${one.closed_at
        ? html`<small>${one.satisfaction ? satisfaction(one.satisfaction)[0] : t("closed {time}", { time: minuteOf(one.closed_at) })}</small>`
        : one.due_at || one.dispatched_at
          ? html`<strong data-tone=${left.tone} title=${one.due_at ? `${t("Due")} ${minuteOf(one.due_at)}` : nothing}>${left.words}</strong>
            ${one.due_at ? html`<small>${t("Due {time}", { time: minuteOf(one.due_at) })}</small>` : nothing}`
          : nothing}</span>
    </a></li>`;
}
