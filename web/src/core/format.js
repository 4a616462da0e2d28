// Times, durations and shares as people on the floor read them.
import { locale, t } from "./i18n.js";

const timeZone = document.documentElement.dataset.zone || "Asia/Shanghai";

/** @param {Intl.DateTimeFormatOptions} options */
const formatter = (options) => new Intl.DateTimeFormat(locale, { timeZone, hourCycle: "h23", ...options });
const clockFormat = formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minuteFormat = formatter({ hour: "2-digit", minute: "2-digit" });
const dayFormat = formatter({ year: "numeric", month: "long", day: "numeric" });
const weekdayFormat = formatter({ weekday: "long" });
const shortFormat = formatter({ month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const isoDay = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });

/** @typedef {string | number | null | undefined} Moment  ISO text or milliseconds */

/** @param {Moment} moment @param {Intl.DateTimeFormat} format */
function show(moment, format) {
  const at = typeof moment === "number" ? moment : Date.parse(moment ?? "");
  return Number.isNaN(at) ? "—" : format.format(at);
}

/** 09:05:07 @param {Moment} moment */
export const clockTime = (moment) => show(moment, clockFormat);
/** 09:05 @param {Moment} moment */
export const clockMinute = (moment) => show(moment, minuteFormat);
/** 2026年11月23日 @param {Moment} moment */
export const longDay = (moment) => show(moment, dayFormat);
/** 星期一 @param {Moment} moment */
export const weekday = (moment) => show(moment, weekdayFormat);
/** 11/23 09:05:07 @param {Moment} moment */
export const shortMoment = (moment) => show(moment, shortFormat);
/** 2026-11-23, the day in the hotline's zone @param {Moment} moment */
export const dayOf = (moment) => show(moment, isoDay);

/**
 * 0:42, 12:05, 1:02:03
 * @param {number | null} seconds
 */
export function duration(seconds) {
  if (seconds === null) return "—";
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${two(minutes)}:${two(rest)}`;
}

/**
 * Seconds between two moments, or null while one is missing.
 * @param {Moment} from
 * @param {Moment} to
 */
export function between(from, to) {
  const seconds = Math.round((Date.parse(String(to)) - Date.parse(String(from))) / 1000);
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

/**
 * A share as a percentage with at most one decimal, cut and never rounded up: 94.96 % has not met 95 %.
 * @param {number | null | undefined} share 0 to 1
 */
export function percent(share) {
  if (share === null || share === undefined) return "—";
  const tenths = Math.floor(share * 1000 + 1e-9) / 10;
  return `${Number.isInteger(tenths) ? tenths : tenths.toFixed(1)}%`;
}

/** The caller's number, or words when it was withheld. @param {string | null | undefined} number */
export const callerNumber = (number) => number || t("Number withheld");

/** Whether the server has hidden its middle. @param {string | null | undefined} number */
export const isMasked = (number) => Boolean(number?.includes("****"));
