import { between, duration, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { phone } from "../core/phone.js";
import { direction, outcome } from "../core/words.js";
import { recordedMark } from "../recordings/player.js";
import { chip } from "./chip.js";
import { lineChip } from "./line_quality.js";
import { startList } from "./list.js";

/** @param {HTMLElement} main */
export function startCalls(main) {
  const cutWord = t("Cut off by a fault");
  /** @type {import("./list.js").Listing<import("../desk/work.js").Call>} */
  const listing = {
    title: t("Calls"),
    url: "/api/v1/calls",
    empty: t("No calls here."),
    key: (call) => call.id,
    attention: (call) => outcome(call.outcome)[1] === "bad",
    filters: [
      { name: "day", label: t("Day"), type: "date" },
      { name: "outcome", label: t("Outcome"), options: outcome.all().map(([value, [word]]) => [value, word]) },
      { name: "agent", label: t("Agent") },
      { name: "caller", label: t("Caller") },
    ],
    columns: [
      { name: t("Time"), kind: "time", cell: (call) => shortMoment(call.started_at) },
      { name: t("Caller"), cell: (call) => phone("call", call.id, "caller", call.caller) },
      { name: t("Direction"), cell: (call) => direction(call.direction)[0] },
      { name: t("Outcome"), cell: (call) => [chip(outcome(call.outcome)), call.cut ? chip([cutWord, "bad"]) : "", lineChip(call)] },
      { name: t("Waited"), kind: "number", cell: (call) => duration(between(call.queued_at, call.answered_at ?? call.ended_at)) },
      { name: t("Talked"), kind: "number", cell: (call) => duration(between(call.answered_at, call.ended_at)) },
      { name: t("Agent"), cell: (call) => call.agent ?? "—" },
      { name: t("Seat"), cell: (call) => call.seat ?? "—" },
      { name: t("Rating"), kind: "number", cell: (call) => call.rating ?? "—" },
      { name: t("Recorded"), cell: (call) => (call.recording ? recordedMark(call) : "—") },
      { name: t("Ticket"), cell: (call) => call.ticket ?? "—" },
    ],
  };
  startList(main, listing);
}
