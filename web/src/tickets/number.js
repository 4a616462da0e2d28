// How numbers and deadlines of requests are written.
import { html } from "lit-html";
import { shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";

/** 2026 1123 00042 4: as it is read aloud. @param {string} number */
export const readable = (number) =>
  [number.slice(0, 4), number.slice(4, 8), number.slice(8, -1), number.slice(-1)].filter(Boolean).join(" ");

/** The digits of a number as people type or paste it. @param {string} text */
export const digits = (text) => text.replace(/[\s\-·.,，。]+/g, "");

/** @param {string} number */
export const ticketLink = (number) =>
  html`<a class="number ticket-number" href="/tickets/${number}" aria-label=${t("Request {number}", { number })}>${grouped(number)}</a>`;

/** Groups apart by space on the screen only, so that a copied number has no spaces. @param {string} number */
export const grouped = (number) => html`<span class="digits">${readable(number).split(" ").map((group) => html`<i>${group}</i>`)}</span>`;

/** @typedef {{minutes: number, overdue: boolean, day_minutes: number, warn_minutes: number, running: boolean, turns_in: number | null}} Left
 *   working time until a deadline, or since it, when the server told it; `turns_in` seconds `running` turns */

const MINUTE = 60_000;
/** When each was told, which is when it was shown first. @type {WeakMap<Left, number>} */
const toldAt = new WeakMap();

/**
 * The working time until a deadline, or since: "2 working days 4 h overdue". It counts on while it is working time.
 * @param {Left | null | undefined} left null where the calendar does not know the year
 * @param {number} now milliseconds
 * @returns {{words: string, tone: import("../core/words.js").Tone}}
 */
export function deadline(left, now) {
  if (!left) return { words: t("Waits for the calendar"), tone: "warn" };
  const at = toldAt.get(left) ?? now;
  toldAt.set(left, at);
  const passed = worked(left, now - at);
  const minutes = left.overdue ? left.minutes + passed : left.minutes - passed;
  if (left.overdue || minutes < 0) return { words: t("{span} overdue", { span: spoken(Math.abs(minutes), left.day_minutes) }), tone: "bad" };
  return { words: t("{span} left", { span: spoken(minutes, left.day_minutes) }), tone: minutes <= left.warn_minutes ? "warn" : "good" };
}

/** Whole working minutes of the time since the server told it. @param {Left} left @param {number} since milliseconds */
function worked({ running, turns_in: turns }, since) {
  const until = turns === null ? (running ? Infinity : since) : turns * 1000;
  return Math.floor(Math.max(0, running ? Math.min(since, until) : since - until) / MINUTE);
}

/** The two largest units of working time. @param {number} total minutes @param {number} day those of a working day */
function spoken(total, day) {
  const days = Math.floor(total / day);
  const [hours, minutes] = [Math.floor((total % day) / 60), (total % day) % 60];
  if (days) return [days === 1 ? t("1 working day") : t("{days} working days", { days }), hours ? t("{hours} h", { hours }) : ""].filter(Boolean).join(" ");
  if (hours) return minutes ? t("{hours} h {minutes} min", { hours, minutes }) : t("{hours} h", { hours });
  return t("{minutes} minutes", { minutes });
}

/** 11/23 09:05: the day and minute; seconds matter to nobody here. @param {string | null | undefined} moment */
export const minuteOf = (moment) => shortMoment(moment).replace(/:\d\d$/, "");
