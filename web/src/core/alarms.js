// What the hotline complains of, in words: each alarm of the live document with since when and its figures, the gravest first.
import { clockMinute } from "./format.js";
import { t } from "./i18n.js";
import { testFaults } from "./test_faults.js";

/** @typedef {{kind: string, tone: "bad" | "warn", title: string, details: string[], since: string}} Alarm */
/** @typedef {Record<string, unknown>} Figures */

/** Kinds from the gravest on; one that is not known comes last, under its own name. */
const GRAVITY = ["disk_critical", "recordings_stopped", "recording_missing", "recordings_not_sealed", "callbacks_escalated", "sip_flood", "city_messages_stuck", "test_dial_failed", "history_damaged", "history_behind", "disk_low", "recordings_disk_low", "calls_quarantined", "file_damaged", "calendar_faulty", "calendar_ends", "mail_away", "dispatch_help_broken"];

/** @type {Record<string, (figures: Figures) => {tone?: "bad", title: string, details: string[]}>} */
const kinds = {
  disk_critical: (figures) => ({
    tone: "bad",
    title: t("Disk nearly full"),
    details: [free(figures), figures.ballast === false ? t("Reserve given up") : ""],
  }),
  disk_low: (figures) => ({ title: t("Disk space is low"), details: [free(figures)] }),
  recordings_stopped: (figures) => ({ tone: "bad", title: t("Recording has stopped: its disk is full"), details: [free(figures)] }),
  recordings_disk_low: (figures) => ({ title: t("The recordings' disk is filling up"), details: [free(figures)] }),
  recording_missing: (figures) => ({
    tone: "bad",
    title: t("Recordings are missing"),
    details: [counted(figures.calls, (count) => t("{count} answered calls", { count }))],
  }),
  recordings_not_sealed: (figures) => ({
    tone: "bad",
    title: t("Recordings cannot be stored"),
    details: [counted(figures.files, (count) => t("{count} recordings wait", { count })), text(figures.reason)],
  }),
  callbacks_escalated: (figures) => ({
    tone: "bad",
    title: t("Callbacks nearly due"),
    details: [counted(figures.callbacks, (count) => t("{count} callbacks", { count }))],
  }),
  sip_flood: (figures) => ({
    title: t("The telephone server is attacked"),
    details: [
      counted(figures.requests, (requests) =>
        requests ? t("{requests} refused sign-ins in {seconds} s", { requests, seconds: Number(figures.seconds) }) : ""),
      counted(figures.banned, (count) => (count ? t("{count} addresses banned", { count }) : "")),
    ],
  }),
  city_messages_stuck: (figures) => ({
    title: t("City messages are stuck"),
    details: [counted(figures.messages, (count) => t("{count} messages", { count }))],
  }),
  test_dial_failed: (figures) => ({ title: t("Test dial failed"), details: [testFaults(text(figures.detail))] }),
  history_behind: (figures) => ({
    title: t("Call records are behind"),
    details: [counted(figures.seconds, (seconds) => t("by {seconds} s", { seconds: Math.round(seconds) }))],
  }),
  calls_quarantined: (figures) => ({
    title: t("Call records cannot be read"),
    details: [counted(figures.lines, (count) => t("{count} lines kept aside", { count }))],
  }),
  history_damaged: (figures) => ({
    tone: "bad",
    title: t("The call record was damaged"),
    details: [fileName(figures.file)],
  }),
  calendar_faulty: (figures) => ({ title: t("The calendar file is faulty"), details: [text(figures.detail)] }),
  calendar_ends: (figures) => ({
    title: counted(figures.year, (year) => t("The calendar lacks {year}", { year })) || t("The calendar ends"),
    details: [figures.waiting === true ? t("Deadlines wait for it") : ""],
  }),
  mail_away: (figures) => ({ title: t("Mail to units does not go out"), details: [text(figures.error)] }),
  dispatch_help_broken: (figures) => ({ title: t("Dispatch help cannot read what it learned"), details: [fileName(figures.file)] }),
  file_damaged: (figures) => ({
    title: t("Damaged file kept aside"),
    details: [(Array.isArray(figures.files) ? figures.files : [figures.file]).map(fileName).join(" ")],
  }),
};

/**
 * The alarms that stand, the gravest first and of those the oldest.
 * @param {import("./live.js").Alarms | undefined} alarms
 * @returns {Alarm[]}
 */
export function alarmsOf(alarms) {
  const rank = (/** @type {string} */ kind) => (GRAVITY.includes(kind) ? GRAVITY.indexOf(kind) : GRAVITY.length);
  return Object.entries(alarms ?? {})
    .filter(([, figures]) => figures)
    .sort(([a, { since: first = "" }], [b, { since: second = "" }]) => rank(a) - rank(b) || first.localeCompare(second))
    .map(([kind, figures]) => {
      const { tone = "warn", title, details } = kinds[kind]?.(figures) ?? { title: kind, details: [] };
      const since = figures.since ? t("since {time}", { time: clockMinute(figures.since) }) : "";
      return { kind, tone, title, details: details.filter(Boolean), since };
    });
}

/** @param {Figures} figures megabytes */
const free = ({ free_mb: left }) => (typeof left === "number" ? t("{free} left", { free: size(left) }) : "");

/** 812 MB, 1.9 GB @param {number} megabytes */
const size = (megabytes) => (megabytes < 1024 ? `${megabytes} MB` : `${(megabytes / 1024).toFixed(megabytes < 10_240 ? 1 : 0)} GB`);

/** @param {unknown} count @param {(count: number) => string} words */
const counted = (count, words) => (typeof count === "number" ? words(count) : "");

/** Anything may stand there. @param {unknown} value */
const text = (value) => (typeof value === "string" ? value.slice(0, 200) : "");

/** Without the folders before it, and without what was put behind it when it was kept aside. @param {unknown} path */
const fileName = (path) => (text(path).split("/").pop() ?? "").replace(/\.damaged-.*$/, "");
