// What lies behind a callback: every missed call and every attempt, and for supervisors what can be done about it.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { between, callerNumber, duration, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { outcome, settledBy } from "../core/words.js";
import { OWN_FAULTS, attemptResult, heldBecause } from "../core/words_owed.js";
import { Deeds } from "./callback_deeds.js";
import { chip } from "./chip.js";

/** @typedef {import("../desk/work.js").Callback} Callback */
/** @typedef {import("../desk/work.js").Call} Call */
/** @typedef {{draw: () => void, refresh: () => void}} Page */

export class Evidence {
  /** @type {Map<number, Call>} calls by id */
  #calls = new Map();
  /** @type {Set<number>} callbacks whose calls are being asked for, or were */
  #asked = new Set();
  #fault = "";
  #deeds = new Deeds();

  /** @returns {import("./list.js").Detail<Callback>} */
  detail() {
    return {
      label: (callback) => t("Evidence for {caller}", { caller: callerNumber(callback.caller) }),
      opened: () => this.#deeds.begin(),
      show: (callback, page) => {
        void this.#load(callback, page);
        return this.#view(callback, page);
      },
    };
  }

  /** @param {Callback} callback @param {Page} page */
  async #load(callback, page) {
    const wanted = [...(callback.calls ?? []), callback.settled_call].filter((id) => typeof id === "number");
    if (this.#asked.has(callback.id) && wanted.every((id) => this.#calls.has(id))) return;
    if (this.#asked.has(callback.id) || !callback.caller) return;
    this.#asked.add(callback.id);
    // Another missed call may join at any moment: ask again then.
    setTimeout(() => this.#asked.delete(callback.id), 5000);
    try {
      const calls = await request("GET", `/api/v1/calls?callback=${callback.id}&limit=1000`);
      for (const call of calls) this.#calls.set(call.id, call);
      this.#fault = "";
    } catch (error) {
      this.#fault = error instanceof ApiError ? error.message : String(error);
    }
    page.draw();
  }

  /** @param {Callback} callback @param {Page} page */
  #view(callback, page) {
    const attempts = callback.attempts ?? [];
    const counted = attempts.filter(({ result }) => result !== "dialling" && !OWN_FAULTS.includes(result)).length;
    const missed = callback.calls ?? [];
    return html`
      <div class="evidence">
        <section>
          <h3>${t("Missed calls")} <b>${missed.length}</b></h3>
          ${this.#fault ? html`<p class="fault">${this.#fault}</p>` : nothing}
          <ul>${missed.map((id) => this.#call(id))}</ul>
        </section>
        <section>
          <h3>${t("Attempts")} <b>${counted}</b></h3>
          ${attempts.length ? html`<ul>${attempts.map(attempt)}</ul>` : html`<p class="hint">${t("Not dialled yet.")}</p>`}
        </section>
        <section class="evidence-end">
          ${callback.held ? html`<p class="notice" data-tone="bad">${icon("stop")}${t("Not dialled without a supervisor: {why}", { why: heldBecause(callback.held)[0] })}</p>` : nothing}
          ${this.#settled(callback)}
          ${this.#deeds.view(callback, page)}
        </section>
      </div>
    `;
  }

  /** @param {Callback} callback */
  #settled(callback) {
    if (!callback.settled_at && !callback.note) return nothing;
    const call = this.#calls.get(callback.settled_call ?? -1);
    return html`<p>${callback.settled_by ? html`<b>${settledBy(callback.settled_by)[0]}</b> ` : nothing}${
      callback.settled_at ? html`<span>${shortMoment(callback.settled_at)}</span>` : nothing}${
      call?.agent ? html` <span>${t("Agent")} ${call.agent}</span>` : nothing}${
      callback.note ? html`<br><span class="hint">${callback.note}</span>` : nothing}</p>`;
  }

  /** @param {number} id */
  #call(id) {
    const call = this.#calls.get(id);
    if (!call) return html`<li><span class="hint">${t("Call {id}", { id })}</span></li>`;
    return html`<li><span>${shortMoment(call.started_at)}</span>${chip(outcome(call.outcome))}
      <span class="hint">${call.queued_at ? t("waited {time}", { time: duration(between(call.queued_at, call.ended_at)) }) : ""}</span></li>`;
  }
}

/** @param {import("../desk/work.js").Attempt} one */
const attempt = (one) => html`<li><span>${shortMoment(one.at)}</span><span>${t("Agent")} ${one.agent}</span>${chip(attemptResult(one.result))}
  <span class="hint">${one.number ?? ""}${one.ended_at ? ` ${duration(between(one.at, one.ended_at))}` : ""}</span>${
  one.note ? html`<span class="hint">${one.note}</span>` : nothing}</li>`;
