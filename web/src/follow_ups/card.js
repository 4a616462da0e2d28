// One follow-up while it is dialled and talked about: what was asked, what the unit answered, what the citizen says.
import { html, nothing } from "lit-html";
import { between, duration, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { phone } from "../core/phone.js";
import { ticketKind } from "../core/words.js";
import { attemptResult } from "../core/words_owed.js";
import { chip } from "../lists/chip.js";
import { recordedMark } from "../recordings/player.js";
import { saidOf } from "./result.js";
import { followUpState, notDialled } from "./words.js";

/** @typedef {import("./words.js").FollowUp} FollowUp */

const OPEN = ["waiting", "dialling", "answered", "retry"];
/** @param {FollowUp} row */
export const isOpen = (row) => OPEN.includes(row.state);

/**
 * @param {FollowUp} row
 * @param {{stage?: string, dial: unknown, form: unknown}} more how far the call is, the button that dials, the form
 */
export const card = (row, more) => html`
  <article class="visit" aria-labelledby="visit" data-state=${row.state}>
    <header>
      <div class="visit-who">
        <p class="visit-number">${row.number ? phone("follow_up", row.id, "number", row.number) : "—"}</p>
        <p>${row.contact_name ? html`<b>${row.contact_name}</b>` : nothing}${row.anonymous ? chip([t("Anonymous to the unit"), "dim"]) : nothing}</p>
      </div>
      <div class="visit-do">${more.dial}</div>
    </header>
    ${row.held ? html`<p class="notice" data-tone="bad">${icon("stop")}${t("Cannot be dialled: {why}", { why: notDialled(row.held)[0] })}</p>` : nothing}
    ${row.needs_supervisor ? html`<p class="notice" data-tone="warn">${icon("warn")}${row.merged
      ? t("The citizen is not satisfied with the answer of the main request: a supervisor decides.")
      : t("Done again as often as is allowed, and the citizen is not satisfied: a supervisor decides.")}</p>` : nothing}
    <section class="visit-asked">
      <h2 id="visit"><a href="/tickets/${row.ticket}">${row.title}</a></h2>
      <p class="visit-chips">${chip(ticketKind(row.kind))}${row.merged ? chip([t("Merged"), "dim"]) : nothing}${chip(followUpState(row.state))}${row.redone ? chip([t("Redone {count} times", { count: row.redone }), "warn"]) : nothing}
        <span class="hint number">${row.ticket}</span></p>
      <p class="visit-text">${row.description}</p>
    </section>
    <section class="visit-answer">${row.merged ? ofMain(row) : html`
      <h3>${t("Answer of {unit}", { unit: row.unit ?? t("the hotline") })}<small>${row.replied_at ? shortMoment(row.replied_at) : nothing}</small></h3>
      <p class="visit-text">${row.answer || t("No answer is kept.")}</p>`}
    </section>
    ${saidOf(row)}
    ${isOpen(row) ? more.form : nothing}
    <section class="visit-tries">
      <h3>${t("Attempts")} <b>${row.attempts.length}</b></h3>
      ${row.attempts.length ? html`<ul>${row.attempts.map(attempt)}</ul>` : html`<p class="hint">${t("Not dialled yet.")}</p>`}
      ${row.link_until && isOpen(row) ? html`<p class="hint">${t("The citizen was sent a link; it can be used until {time}.", { time: shortMoment(row.link_until) })}</p>` : nothing}
      ${row.said_to === "citizen" ? html`<p class="hint">${t("The citizen answered by the link.")}</p>` : nothing}
    </section>
  </article>
`;

/** Where the answer to a merged request stands; what others wrote there is not for its citizen. @param {FollowUp} row */
const ofMain = (row) => html`<h3>${t("Answered in the main request")}</h3>
  ${row.main
    ? html`<p>${t("It was handled together with the same request of others. Tell the citizen the answer that stands there, and nothing of who asked:")}
        <a class="number" href="/tickets/${row.main}" target="_blank" rel="noopener">${t("Request {number}", { number: row.main })}</a></p>`
    : html`<p>${t("The main request is confidential, and you may not see it. Leave this one to a supervisor.")}</p>`}`;

/** @param {import("./words.js").Attempt} one */
const attempt = (one) => html`<li><span>${shortMoment(one.at)}</span><span>${t("Agent")} ${one.agent}</span>${chip(attemptResult(one.result))}
  <span class="hint">${one.ended_at ? duration(between(one.at, one.ended_at)) : ""}</span>${one.call ? recordedMark({ id: one.call, recording: one.recording }) : nothing}${
  one.note ? html`<span class="hint">${one.note}</span>` : nothing}</li>`;
