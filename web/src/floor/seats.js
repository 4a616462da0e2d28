// The seats as cards: who sits there, what they do and for how long, who is heard, who has written.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { age, left } from "../core/clock.js";
import { callerNumber, duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { breakReason, seatState } from "../core/words.js";
import { howWords } from "./listening.js";

/** @typedef {import("../core/live.js").Seat} Seat */
/** @typedef {import("./floor.js").FloorPage} FloorPage */

/** @param {FloorPage} page @param {number} now */
export function seatsPanel(page, now) {
  const all = page.seats;
  return html`
    <section class="fl-seats" aria-labelledby="fl-seats-title">
      <header>
        <h2 id="fl-seats-title">${t("Seats")}</h2>
        <ul class="fl-tally">
          ${seatState.all().map(([state, [word]]) => {
            const count = all.filter((seat) => seat.state === state).length;
            return html`<li data-state=${state} ?data-none=${!count}>${icon(/** @type {Seat["state"]} */ (state))}${word}<b>${count}</b></li>`;
          })}
        </ul>
      </header>
      <ul class="fl-grid" role="listbox" aria-labelledby="fl-seats-title" data-many=${all.length > 10 ? "true" : nothing}>
        ${repeat(all, ({ seat }) => seat, (seat) => card(page, seat, now))}
      </ul>
    </section>`;
}

/** @param {FloorPage} page @param {Seat} seat @param {number} now */
function card(page, seat, now) {
  const chosen = page.chosen === seat.seat;
  const unread = seat.agent ? page.unread[seat.agent] ?? 0 : 0;
  const wrapUp = seat.state === "wrap_up" && seat.until ? left(seat.until, now) : null;
  const time = wrapUp ?? (seat.state === "signed_out" ? null : age(seat.since, now));
  const reason = seat.state === "break" && seat.reason ? breakReason(seat.reason)[0] : "";
  const heard = page.listenings.filter((one) => one.seat === seat.seat);
  const called = seat.agent && page.calledBack.includes(seat.agent);
  return html`
    <li class="fl-card" role="option" tabindex=${chosen || (!page.chosen && page.seats[0] === seat) ? 0 : -1}
      data-seat=${seat.seat} data-state=${seat.state} data-reason=${seat.reason ?? nothing} aria-selected=${String(chosen)}
      @click=${() => page.choose(seat.seat)} @focus=${() => page.focused(seat.seat)}>
      <p class="fl-card-top"><b>${seat.seat}</b>
        ${unread ? html`<span class="fl-unread" title=${t("Unread messages")}>${icon("message")}${unread}</span>` : nothing}
        ${seat.phone ? nothing : html`<span class="fl-offline" title=${t("Phone offline")}>${icon("unplugged")}</span>`}</p>
      <p class="fl-card-name">${seat.agent ? seat.name || seat.agent : t("Vacant")}</p>
      <p class="fl-card-state">${icon(seat.state)}<span>${reason || seatState(seat.state)[0]}</span>
        <time>${time === null ? "" : duration(time)}</time></p>
      <p class="fl-card-caller">${seat.state === "talking" || seat.state === "ringing" ? seat.caller === null || seat.caller === undefined ? t("Call within the house") : callerNumber(seat.caller)
        : called ? html`<span class="fl-called">${icon("horn")}${t("Asked to come back")}</span>` : ""}</p>
      ${heard.map((one) => html`<p class="fl-heard" data-mode=${one.mode}>${icon("ear")}${howWords(one.mode)} · ${page.nameOf(one.by)}</p>`)}
    </li>`;
}
