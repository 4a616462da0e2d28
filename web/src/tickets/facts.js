// A request as it stands: what was asked, by whom, where; who has it, and which clocks run.
import { html, nothing } from "lit-html";
import { dayOf, isMasked } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { phone } from "../core/phone.js";
import { ticketKind, ticketState } from "../core/words.js";
import { chip } from "../lists/chip.js";
import { recordedMark } from "../recordings/player.js";
import { deadline, grouped, minuteOf, ticketLink } from "./number.js";
import { file, unitName } from "./timeline.js";
import { clockName, part, satisfaction, source, urgency } from "./words.js";

/** @typedef {import("./types.js").Ticket} Ticket */
/** @typedef {import("./types.js").Clock} Clock */

/** States in which the deadline counts no more. */
const OVER = ["closed", "archived", "merged", "refused"];
/** @param {Ticket} ticket */
export const isOver = (ticket) => OVER.includes(ticket.state);

/** @param {Ticket} ticket @param {number} now */
export function head(ticket, now) {
  const left = deadline(ticket.left, now);
  const waits = ticket.clocks?.some(({ name, due_at: due, stopped_at: stopped }) => name === "total" && !due && !stopped);
  const state = ticketState(ticket.state);
  return html`<header class="ticket-head" data-tone=${isOver(ticket) ? "dim" : ticket.due_at || waits ? left.tone : state[1]}>
    <div class="ticket-title">
      <p class="ticket-chips"><span class="ticket-number number">${grouped(ticket.number)}</span>${chip(state)}
        <span class="chip" data-tone="dim">${ticketKind(ticket.kind)[0]}</span>
        ${ticket.urgency !== "normal" ? chip(urgency(ticket.urgency)) : nothing}
        ${ticket.supervised ? html`<span class="chip" data-tone="bad">${t("Under supervision")}</span>` : nothing}
        ${ticket.confidential ? html`<span class="chip" data-tone="note">${icon("lock")}${t("Confidential")}</span>` : nothing}
        ${ticket.pending ? html`<span class="chip" data-tone="warn">${t("Asks for {days} more working days", { days: ticket.pending_days ?? 0 })}</span>` : nothing}
        ${times(t("redone"), ticket.redone)}${times(t("reminded"), ticket.reminded)}${times(t("extended"), ticket.extended)}</p>
      <h1>${ticket.title || t("(no subject)")}</h1>
    </div>
    <div class="ticket-due" data-testid="due">
      ${isOver(ticket)
        ? html`<small>${t("Closed at")}</small><strong>${minuteOf(ticket.closed_at)}</strong>${ticket.satisfaction ? chip(satisfaction(ticket.satisfaction)) : nothing}`
        : ticket.due_at
          ? html`<small>${t("Due")} ${minuteOf(ticket.due_at)}</small><strong>${left.words}</strong>`
          : waits
            ? html`<small>${t("Due")} —</small><strong>${left.words}</strong>`
            : html`<small>${t("Opened")} ${minuteOf(ticket.opened_at)}</small><strong class="none">${t("No deadline yet")}</strong>`}
    </div>
  </header>
  ${ticket.merged_into ? html`<p class="notice" data-tone="note">${icon("none")}<span>${t("Merged into")} ${ticketLink(ticket.merged_into)}</span></p>` : nothing}`;
}

/** @param {string} word @param {number | undefined} count */
const times = (word, count) => (count ? html`<span class="chip" data-tone="warn">${word} ${count}</span>` : nothing);

/** @param {Ticket} ticket */
export function asked(ticket) {
  const whole = (ticket.attachments ?? []).filter(({ entry }) => !entry || !(ticket.entries ?? []).some(({ id }) => id === entry));
  return html`<section class="panel asked" aria-labelledby="asked-title">
    <h2 id="asked-title">${t("What was asked")}</h2>
    <p class="asked-words">${ticket.description || t("(nothing written)")}</p>
    ${whole.length ? html`<ul class="files">${whole.map(file)}</ul>` : nothing}
    ${ticket.answer ? html`<div class="answer"><h3>${t("Answer to the citizen")}</h3><p>${ticket.answer}</p></div>` : nothing}
    <dl class="ticket-facts">
      ${fact(t("Category"), ticket.category ? ticket.category.path || ticket.category.name : "")}
      ${fact(t("Place"), [ticket.place?.path || ticket.place?.name, ticket.address].filter(Boolean).join(" · "))}
      ${ticket.caller === null && ticket.anonymous
        ? fact(t("Contact"), t("Wishes to stay unknown to units"))
        : html`${fact(t("Contact"), ticket.contact_name || ticket.contact_phone
            ? html`${ticket.contact_name} ${ticket.contact_phone ? phone("ticket", ticket.number, "contact_phone", ticket.contact_phone) : nothing}` : "")}
          ${fact(t("Caller"), phone("ticket", ticket.number, "caller", ticket.caller), ticket.anonymous ? html`<span class="chip" data-tone="note">${t("Anonymous to units")}</span>` : nothing)}`}
      ${fact(t("Came in"), `${source(ticket.source)[0]} · ${minuteOf(ticket.opened_at)}`)}
      ${fact(t("Accepted by"), [ticket.accepted_by, ticket.agent ? `${t("Agent")} ${ticket.agent}` : ""].filter(Boolean).join(" · "))}
      ${ticket.call ? callFact(ticket) : nothing}
      ${ticket.city_number ? fact(t("Number at the city platform"), ticket.city_number) : nothing}
      ${ticket.merged?.length ? fact(t("Merged into this one"), ticket.merged.map((number) => html`${ticketLink(number)} `)) : nothing}
    </dl>
  </section>`;
}

/** @param {string} name @param {unknown} value @param {unknown} [more] */
const fact = (name, value, more = nothing) => html`<div><dt>${name}</dt><dd>${value || "—"} ${more}</dd></div>`;

/** @param {Ticket} ticket */
function callFact({ call, caller }) {
  if (!call) return nothing;
  const query = new URLSearchParams({ day: dayOf(call.started_at), ...(caller && !isMasked(caller) ? { caller } : {}) });
  return fact(t("Call"), html`<a href="/calls?${query}">${minuteOf(call.started_at)}</a>`,
    recordedMark(call));
}

/** @param {Ticket} ticket @param {number} now */
export function handling(ticket, now) {
  const parts = ticket.units ?? [];
  const clocks = ticket.clocks ?? [];
  if (!parts.length && !clocks.length) return nothing;
  return html`<section class="panel handling" aria-labelledby="handling-title">
    <h2 id="handling-title">${t("Units and clocks")}</h2>
    ${parts.length ? html`<ul class="parts">${parts.map((one) => html`<li data-over=${String(Boolean(one.until))}>
      <b>${one.name}</b>${chip(part(one.part))}
      <small class="hint">${t("since")} ${minuteOf(one.since)}${one.signed_at ? html` · ${t("signed for")} ${minuteOf(one.signed_at)}` : nothing}${
        one.replied_at ? html` · ${t("replied")} ${minuteOf(one.replied_at)}` : nothing}${one.until ? html` · ${t("until")} ${minuteOf(one.until)}` : nothing}</small></li>`)}</ul>` : nothing}
    ${clocks.length ? html`<ul class="clocks">${clocks.map((clock) => clockLine(clock, now))}</ul>` : nothing}
  </section>`;
}

/** @param {Clock} clock @param {number} now */
function clockLine(clock, now) {
  const left = deadline(clock.left, now);
  const state = clock.stopped_at
    ? clock.left && !clock.left.overdue ? { words: t("in time"), tone: "dim" } : left
    : clock.paused_at && clock.left ? { words: `${t("standing still")} · ${left.words}`, tone: left.tone === "bad" ? "bad" : "note" } : left;
  return html`<li data-tone=${state.tone}><span>${clockName(clock.name)[0]} <small class="hint">${t("{days} working days", { days: clock.days })}${unitName(clock.unit) ? ` · ${unitName(clock.unit)}` : ""}</small></span>
    <strong>${state.words}</strong><small class="hint">${clock.due_at ? `${t("Due")} ${minuteOf(clock.due_at)}` : ""}</small></li>`;
}
