// What the pages about one day share: choosing the day, its hours, and an agent's states as a band.
import { html, svg } from "lit-html";
import { live as liveValue } from "lit-html/directives/live.js";
import { serverNow } from "../core/clock.js";
import { clockMinute, dayOf, duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { breakReason, seatState } from "../core/words.js";

/** From the ground up, as they are drawn on each other. */
export const STATES = /** @type {const} */ (["talking", "ringing", "wrap_up", "ready", "break"]);
const DAY_MS = 86_400_000;

/** The day that the address asks for, else today. */
export const chosenDay = () => new URLSearchParams(location.search).get("day") || dayOf(serverNow());

/** @param {string} day @param {number} steps */
const moved = (day, steps) => new Date(Date.parse(`${day}T00:00:00Z`) + steps * DAY_MS).toISOString().slice(0, 10);

/** @param {string} day @param {(day: string) => void} choose */
export const dayPicker = (day, choose) => html`<div class="day-step">
  <button class="button back" type="button" aria-label=${t("The day before")} @click=${() => choose(moved(day, -1))}>${icon("open")}</button>
  <label><span>${t("Day")}</span><input type="date" name="day" max=${dayOf(serverNow())} .value=${liveValue(day)}
    @change=${(/** @type {Event} */ event) => choose(/** @type {HTMLInputElement} */ (event.target).value || day)}></label>
  <button class="button" type="button" aria-label=${t("The day after")} ?disabled=${day >= dayOf(serverNow())} @click=${() => choose(moved(day, 1))}>${icon("open")}</button>
</div>`;

/** Every third hour, above what lies along the day. */
export const hours = () => html`<p class="tl-hours" aria-hidden="true">${Array.from({ length: 8 }, (_, at) => html`<span>${String(at * 3).padStart(2, "0")}:00</span>`)}</p>`;

/**
 * @param {{state: string, since: string, until: string, reason: string | null}[]} stretches
 * @param {string} begin the day's
 * @param {string} label
 * @param {boolean} [tall]
 */
export function band(stretches, begin, label, tall = false) {
  const start = Date.parse(begin);
  const place = (/** @type {string} */ at) => ((Date.parse(at) - start) / DAY_MS) * 1440;
  return html`<svg class="tl-band ${tall ? "tall" : ""}" viewBox="0 0 1440 10" preserveAspectRatio="none" role="img" aria-label=${label}>
    ${stretches.map(({ state, since, until, reason }) => svg`<rect x=${place(since).toFixed(2)} y="0" height="10" width=${Math.max(place(until) - place(since), 0.6).toFixed(2)} data-state=${state}>
      <title>${stateWords(state, reason)} ${clockMinute(since)}–${clockMinute(until)}</title></rect>`)}
    ${Array.from({ length: 7 }, (_, at) => svg`<line class="hour" x1=${(at + 1) * 180} x2=${(at + 1) * 180} y1="0" y2="10"></line>`)}
  </svg>`;
}

/** @param {string} state @param {string | null} [reason] */
export const stateWords = (state, reason) => (state === "break" && reason ? `${seatState(state)[0]}（${breakReason(reason)[0]}）` : seatState(state)[0]);

/** Hours and minutes; seconds where there is less than an hour. @param {number} seconds */
export const spent = (seconds) => duration(Math.round(seconds));
