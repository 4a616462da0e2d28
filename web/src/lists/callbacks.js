// What is owed to citizens: the missed-call list and the work on it, live, each with its evidence.
import { html, nothing } from "lit-html";
import { shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { live } from "../core/live.js";
import { phone } from "../core/phone.js";
import { callbackState, settledBy } from "../core/words.js";
import { heldBecause, owedBecause } from "../core/words_owed.js";
import { due } from "../desk/work.js";
import { Evidence } from "./callback_evidence.js";
import { Rate } from "./callback_rate.js";
import { chip } from "./chip.js";
import { startList } from "./list.js";

/** @typedef {import("../desk/work.js").Callback} Callback */

const OPEN = ["waiting", "dialling", "retry"];
/** @param {Callback} callback */
const isOpen = (callback) => OPEN.includes(callback.state);
/** @param {Callback} callback @param {number} now milliseconds */
const isOverdue = (callback, now) => isOpen(callback) && Date.parse(callback.due_at) < now;

/** @param {HTMLElement} main */
export function startCallbacks(main) {
  const { agent = "" } = document.documentElement.dataset;
  const counted = (/** @type {"open" | "overdue" | "held" | "escalated"} */ name) => () => live.floor?.callbacks?.[name];
  const work = { ask: { state: "open" }, whole: true };
  const rate = new Rate();
  const evidence = new Evidence();
  /** @type {import("./list.js").View<Callback>[]} */
  const views = [
    { name: "open", label: t("Owed"), ...work, count: counted("open") },
    { name: "overdue", label: t("Overdue"), ...work, keep: isOverdue, count: counted("overdue") },
    { name: "escalated", label: t("Escalated"), ...work, keep: (row) => Boolean(row.escalated_at), count: counted("escalated") },
    { name: "held", label: t("Held"), ...work, keep: (row) => Boolean(row.held), count: counted("held") },
    { name: "mine", label: t("Mine"), whole: true, keep: (row) => row.assigned === agent || Boolean(row.attempts?.some((one) => one.agent === agent)) },
    { name: "settled", label: t("Settled"), ask: { state: "settled" } },
    { name: "unreachable", label: t("Unreachable"), ask: { state: "unreachable" } },
    { name: "all", label: t("All") },
  ];
  /** @type {import("./list.js").Listing<Callback>} */
  const listing = {
    title: t("Callbacks"),
    url: "/api/v1/callbacks",
    empty: t("No callbacks here."),
    ticks: true,
    key: (callback) => callback.id,
    attention: isOverdue,
    views: agent ? views : views.filter(({ name }) => name !== "mine"),
    top: () => rate.view(),
    also: () => rate.load(new URLSearchParams(location.search).get("day") ?? ""),
    detail: evidence.detail(),
    filters: [
      { name: "day", label: t("Day"), type: "date" },
      { name: "caller", label: t("Caller") },
    ],
    columns: [
      {
        name: t("Caller"),
        cell: (callback) => html`${phone("callback", callback.id, "caller", callback.caller)}${callback.number && callback.number !== callback.caller
          ? html`<small class="instead">${t("dial {number}", { number: callback.number })}</small>`
          : nothing}`,
      },
      { name: t("State"), cell: state },
      { name: t("First called"), kind: "time", cell: (callback) => shortMoment(callback.called_at ?? callback.opened_at) },
      {
        name: t("Time left"),
        kind: "number",
        cell: (callback, now) => (isOpen(callback) ? due(callback, now) : settledBy(callback.settled_by ?? "—")[0]),
      },
      { name: t("Next attempt"), kind: "time", cell: (callback, now) => next(callback, now) },
      { name: t("Missed because"), cell: (callback) => owedBecause(callback.reason ?? "—")[0] },
      { name: t("Times called"), kind: "number", cell: (callback) => callback.calls?.length ?? "—" },
      { name: t("Attempts"), kind: "number", cell: (callback) => callback.attempts?.length ?? 0 },
      { name: t("Assigned"), cell: (callback) => callback.assigned ?? "—" },
      { name: t("Ticket"), cell: (callback) => callback.ticket ?? "—" },
    ],
  };
  startList(main, listing);
}

/** @param {Callback} callback */
const state = (callback) => [
  chip(callbackState(callback.state)),
  callback.held ? chip(heldBecause(callback.held)) : "",
  isOpen(callback) && callback.escalated_at ? chip([t("Escalated"), "bad"]) : "",
  isOpen(callback) && callback.priority ? chip([t("Brought forward"), "note"]) : "",
];

/** When it is dialled by itself: at once, later, or not at all. @param {Callback} callback @param {number} now milliseconds */
function next(callback, now) {
  if (!isOpen(callback) || callback.state === "dialling" || callback.held) return "—";
  return Date.parse(callback.next_at ?? "") > now ? shortMoment(callback.next_at) : t("Next free agent");
}
