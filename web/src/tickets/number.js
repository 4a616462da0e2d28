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

const MINUTE = 60_000;

/**
 * How long until a deadline, or since: "3 d 4 h left".
 * @param {string | null | undefined} due
 * @param {number} now milliseconds
 * @returns {{words: string, tone: import("../core/words.js").Tone}}
 */
export function deadline(due, now) {
  const at = Date.parse(due ?? "");
  if (Number.isNaN(at)) return { words: "—", tone: "dim" };
  const left = at - now;
  const span = spoken(Math.abs(left));
  if (left < 0) return { words: t("{span} overdue", { span }), tone: "bad" };
  return { words: t("{span} left", { span }), tone: left < 8 * 60 * MINUTE ? "warn" : "good" };
}

/** The two largest units of a time. @param {number} milliseconds */
function spoken(milliseconds) {
  const minutes = Math.floor(milliseconds / MINUTE);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (days) return hours ? t("{days} d {hours} h", { days, hours }) : t("{days} d", { days });
  if (hours) return rest ? t("{hours} h {minutes} min", { hours, minutes: rest }) : t("{hours} h", { hours });
  return t("{minutes} minutes", { minutes: rest });
}

/** 11/23 09:05: the day and minute; seconds matter to nobody here. @param {string | null | undefined} moment */
export const minuteOf = (moment) => shortMoment(moment).replace(/:\d\d$/, "");
