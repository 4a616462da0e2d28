// Every seat with who sits there, what they do and for how long.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { age, left } from "../core/clock.js";
import { callerNumber, duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { breakReason, seatState } from "../core/words.js";

/** @typedef {import("../core/live.js").Seat} Seat */

/**
 * Ten seats fill two rows; more make smaller cards, so that thirty still fit one glance.
 * @param {number} count
 */
const density = (count) => (count <= 10 ? "roomy" : count <= 20 ? "medium" : count <= 30 ? "dense" : "crowd");

/**
 * @param {Record<string, Seat> | undefined} seats
 * @param {number} now milliseconds
 */
export function seatsPanel(seats, now) {
  const all = Object.values(seats ?? {}).sort((a, b) => a.seat.localeCompare(b.seat, "en", { numeric: true }));
  return html`
    <section class="seats" aria-labelledby="seats-title">
      <header>
        <h2 id="seats-title">${t("Seats")}</h2>
        <ul class="tally">
          ${seatState.all().map(([state, [word]]) => {
            const count = all.filter((seat) => seat.state === state).length;
            return html`<li data-state=${state} ?data-none=${!count}>
              ${icon(/** @type {Seat["state"]} */ (state))}<span>${word}</span><strong>${count}</strong>
            </li>`;
          })}
        </ul>
      </header>
      <ul class="seat-grid" data-density=${density(all.length)}>
        ${repeat(all, (seat) => seat.seat, (seat) => card(seat, now))}
      </ul>
    </section>
  `;
}

/** @param {Seat} seat @param {number} now */
function card(seat, now) {
  const [state] = seatState(seat.state);
  const onCall = seat.state === "talking" || seat.state === "ringing";
  const name = seat.agent ? seat.name || seat.agent : "—";
  const away = seat.state === "break" && seat.reason;
  const wrapUp = seat.state === "wrap_up" && seat.until ? left(seat.until, now) : null;
  const callerOrNote = onCall ? callerNumber(seat.caller) : wrapUp === null ? "" : t("left");
  const time = wrapUp ?? (seat.state === "signed_out" ? null : age(seat.since, now));
  return html`
    <li class="seat" data-seat=${seat.seat} data-state=${seat.state} data-reason=${(away && seat.reason) || nothing}>
      <p class="seat-top">
        <span class="seat-number">${seat.seat}</span>
        ${seat.phone || seat.reason === "phone_offline" ? nothing : html`<span class="seat-offline">${icon("unplugged")}<span>${t("Offline")}</span></span>`}
      </p>
      <p class="seat-name" ?data-long=${name.length > 3}>${name}</p>
      <p class="seat-state">${icon(seat.state)}<span>${away ? breakReason(seat.reason ?? "")[0] : state}</span></p>
      <p class="seat-time" ?data-long=${(time ?? 0) >= 3600}>${time === null ? "" : duration(time)}</p>
      <p class="seat-caller">${callerOrNote}</p>
    </li>
  `;
}
