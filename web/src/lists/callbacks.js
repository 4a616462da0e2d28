import { html } from "lit-html";
import { callerNumber, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { callbackState, outcome, settledBy } from "../core/words.js";
import { due } from "../desk/work.js";
import { chip } from "./chip.js";
import { startList } from "./list.js";

const OPEN = ["waiting", "dialling", "retry"];

/** @param {HTMLElement} main */
export function startCallbacks(main) {
  /** @type {import("./list.js").Listing<import("../desk/work.js").Callback>} */
  const listing = {
    title: t("Callbacks"),
    url: "/api/v1/callbacks",
    empty: t("No callbacks here."),
    ticks: true,
    key: (callback) => callback.id,
    attention: (callback, now) => OPEN.includes(callback.state) && Date.parse(callback.due_at) < now,
    filters: [
      { name: "day", label: t("Day"), type: "date" },
      { name: "state", label: t("State"), options: callbackState.all().map(([value, [word]]) => [value, word]) },
      { name: "caller", label: t("Caller") },
    ],
    columns: [
      { name: t("Caller"), cell: (callback) => html`<b class="number">${callerNumber(callback.caller)}</b>` },
      { name: t("State"), cell: (callback) => chip(callbackState(callback.state)) },
      { name: t("Due"), kind: "time", cell: (callback) => shortMoment(callback.due_at) },
      {
        name: t("Time left"),
        kind: "number",
        cell: (callback, now) => (OPEN.includes(callback.state) ? due(callback, now) : settledBy(callback.settled_by ?? "—")[0]),
      },
      { name: t("Missed because"), cell: (callback) => outcome(callback.reason ?? "—")[0] },
      { name: t("Opened"), kind: "time", cell: (callback) => shortMoment(callback.opened_at) },
      { name: t("Times called"), kind: "number", cell: (callback) => callback.calls?.length ?? "—" },
      { name: t("Attempts"), kind: "number", cell: (callback) => callback.attempts?.length ?? 0 },
      { name: t("Ticket"), cell: (callback) => callback.ticket ?? "—" },
    ],
  };
  startList(main, listing);
}
