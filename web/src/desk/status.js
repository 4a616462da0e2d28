// The agent's own state, large, and the actions that it allows.
import { html, nothing } from "lit-html";
import { age, left } from "../core/clock.js";
import { callerNumber, duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { breakReason, seatState } from "../core/words.js";
import { BREAK_REASONS, actionsFor } from "./actions.js";
import { noteButtons } from "./afterwards.js";
import { diallingCard } from "./dialling.js";
import { freeDial } from "./free_dial.js";
import { canTelephone } from "./telephone.js";

/** @typedef {import("../core/live.js").Seat} Seat */
/** @typedef {import("./desk.js").Desk} Desk */

/**
 * @param {Desk} desk
 * @param {Seat} seat
 * @param {number} now milliseconds
 */
export function status(desk, seat, now) {
  const wrapUp = seat.state === "wrap_up" && seat.until ? left(seat.until, now) : null;
  const onCall = seat.state === "talking" || seat.state === "ringing";
  return html`
    <section class="me" data-state=${seat.state} aria-labelledby="me-state">
      <p class="me-seat"><span>${t("Seat")} <b>${seat.seat}</b></span>
        <span class="me-phones">${desk.telephone.badge(seat)}</span></p>
      <div class="me-now">
        <h2 id="me-state" class="me-state" role="status">${icon(seat.state)}<span>${seatState(seat.state)[0]}</span>
          ${seat.state === "break" && seat.reason ? html`<small>${breakReason(seat.reason)[0]}</small>` : nothing}</h2>
        <p class="me-time"><strong data-testid="time">${duration(wrapUp ?? age(seat.since, now))}</strong>
          <small>${wrapUp === null ? t("in this state") : t("left")}</small></p>
      </div>
      ${seat.callback
        ? diallingCard(
            seat.callback,
            desk.followed?.id === seat.callback.id ? desk.followed : undefined,
            now,
            seat.callback.stage === "talking" ? noteButtons(desk) : nothing,
          )
        : onCall
        ? html`<p class="me-caller"><span>${seat.state === "ringing" ? t("Calling you") : t("On the line")}</span><strong>${callerNumber(desk.work.call?.caller ?? seat.caller)}</strong></p>
          ${seat.talk?.stage === "offered" ? html`<p class="hint">${icon("people")} ${t("Seat {seat} calls you about them", { seat: seat.talk.who ?? "" })}</p>` : nothing}`
        : nothing}
      ${desk.telephone.panel(seat)}
      ${desk.talk.view(seat)}
      ${seat.reason === "phone_offline" && !desk.telephone.phone ? html`<p class="notice" data-tone="bad">${icon("warn")}${t("Your phone cannot be reached. Start it; calls come as soon as it is back and you are ready.")}</p>` : nothing}
      ${seat.reason === "no_answer" ? html`<p class="notice" data-tone="warn">${icon("warn")}${t("You did not answer a call and were put on break.")}</p>` : nothing}
      ${actions(desk, seat)}
      ${freeDial(desk)}
    </section>
  `;
}

/** @param {Desk} desk @param {Seat} seat */
function actions(desk, seat) {
  const all = actionsFor(seat);
  if (!all.length) return nothing;
  return html`
    ${desk.told ? html`<p class="hint" role="status">${icon("met")} ${desk.told}</p>` : nothing}
    <div class="buttons">
      ${all.map(
        (action) => html`<button class="button ${action.kind}" type="button" ?disabled=${desk.busy} aria-keyshortcuts=${action.key}
            aria-expanded=${action.id === "break" ? String(desk.asking === "break") : nothing}
            @click=${() => desk.act(action)}>
            ${action.id === "sign_out" && desk.asking === "sign_out" ? t("Press again to sign out") : action.word}<kbd>${action.key}</kbd>
          </button>`,
      )}
    </div>
    ${desk.asking === "break"
      ? html`<div class="buttons reasons" role="group" aria-label=${t("Reason for the break")}>
          <span>${t("Reason for the break")}</span>
          ${BREAK_REASONS.map(
            (reason, at) => html`<button class="button" type="button" ?disabled=${desk.busy} aria-keyshortcuts=${at + 1} @click=${() => desk.takeBreak(reason)}>
              ${breakReason(reason)[0]}<kbd>${at + 1}</kbd></button>`,
          )}
        </div>`
      : nothing}
  `;
}

/**
 * The free seats, those with a living phone first.
 * @param {Desk} desk
 * @param {Seat[]} seats
 */
export function seatChoice(desk, seats) {
  const free = seats
    .filter((seat) => !seat.agent)
    .sort((a, b) => Number(b.phone) - Number(a.phone) || a.seat.localeCompare(b.seat));
  return html`
    <section class="me" data-state="signed_out" aria-labelledby="choice">
      <div class="me-now"><h2 class="me-state" role="status">${icon("signed_out")}<span>${seatState("signed_out")[0]}</span></h2></div>
      <h3 id="choice">${t("Choose your seat")}</h3>
      ${free.length
        ? html`<ul class="choice">
            ${free.map(
              (seat) => html`<li><button class="choice-seat" type="button" ?disabled=${desk.busy} data-on=${String(seat.phone)} @click=${() => desk.signIn(seat.seat)}>
                <b>${seat.seat}</b><span>${icon(seat.phone || canTelephone ? "phone" : "unplugged")}${seat.phone ? t("Phone online") : canTelephone ? t("Phone in the browser") : t("Phone offline")}</span>
              </button></li>`,
            )}
          </ul>`
        : html`<p class="hint">${t("Every seat is taken. Ask the supervisor.")}</p>`}
    </section>
  `;
}
