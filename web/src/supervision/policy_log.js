// The log of the queue rule's steps: what was done, for whom, and the figures that led to it, in sentences.
import { html, nothing } from "lit-html";
import { duration, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { breakReason } from "../core/words.js";
import { policyLevel } from "../core/words_owed.js";
import { chip } from "../lists/chip.js";
import { startList } from "../lists/list.js";

/** @typedef {{at: string, level: string, step: string, detail: Record<string, any>}} Step */

/** @param {HTMLElement} main */
export function startPolicyLog(main) {
  /** @type {import("../lists/list.js").Listing<Step>} */
  const listing = {
    title: t("Queue measures"),
    url: "/api/v1/policy-log",
    empty: t("No measure was needed."),
    key: (step) => `${step.at} ${step.step} ${JSON.stringify(step.detail)}`,
    attention: (step) => step.level === "full" && step.step === "level",
    filters: [{ name: "day", label: t("Day"), type: "date" }],
    columns: [
      { name: t("Time"), kind: "time", cell: (step) => shortMoment(step.at) },
      { name: t("Level"), cell: (step) => chip(policyLevel(step.level)) },
      { name: t("What was done"), cell: (step) => html`<span class="cell-wide">${sentence(step)}${step.detail?.failed
          ? html` ${chip([t("Not carried out"), "bad"])} <small>${step.detail.failed}</small>` : nothing}</span>` },
      { name: t("Waiting"), kind: "number", cell: ({ detail }) => detail?.waiting ?? "—" },
      { name: t("Longest wait"), kind: "number", cell: ({ detail }) => seconds(detail?.longest_wait) },
      { name: t("Free agents"), kind: "number", cell: ({ detail }) => detail?.free ?? "—" },
      { name: t("Predicted wait"), kind: "number", cell: ({ detail }) => seconds(detail?.predicted_wait) },
    ],
  };
  startList(main, listing);
}

/** @param {unknown} value */
const seconds = (value) => (typeof value === "number" ? duration(Math.round(value)) : "—");

/** @type {Record<string, (detail: Record<string, any>) => string>} */
const sentences = {
  level: levelSentence,
  warn: () => t("The wallboard warns."),
  unwarn: () => t("The wallboard is calm again."),
  end_wrap_up: ({ agent, seat, lasted }) =>
    t("After-call work of {who} ended after {seconds} s.", { who: agent || seat || "—", seconds: Math.round(Number(lasted) || 0) }),
  call_back_break: ({ agent, reason }) =>
    t("{agent} was asked to come back from the break ({reason}).", { agent: agent ?? "—", reason: breakReason(reason ?? "—")[0] }),
  release_break: ({ agent, by }) => by ? t("{by} let {agent} stay on the break.", { by, agent: agent ?? "—" }) : t("{agent} need not come back any more.", { agent: agent ?? "—" }),
  join_reserve: ({ name, by }) => (by ? t("{by} called reserve {name} in by hand.", { by, name: name ?? "—" }) : t("Reserve {name} was called in.", { name: name ?? "—" })),
  leave_reserve: ({ name, by }) =>
    by && by !== "reserve" ? t("{by} sent reserve {name} back.", { by, name: name ?? "—" }) : t("Reserve {name} went back.", { name: name ?? "—" }),
  offer_callbacks: ({ on }) => (on ? t("Newcomers are offered a callback from now on.") : t("Newcomers are queued again as usual.")),
};

/** @param {Step} step a step that is not known yet stands for itself */
function sentence({ step, detail }) {
  return sentences[step]?.(detail ?? {}) ?? step;
}

/** @param {Record<string, any>} detail */
function levelSentence({ before, after, why }) {
  const names = { before: policyLevel(before ?? "—")[0], after: policyLevel(after ?? "—")[0] };
  switch (why) {
    case "crowd":
      return t("From “{before}” to “{after}”: so many wait.", names);
    case "wait":
      return t("From “{before}” to “{after}”: one waits too long.", names);
    case "hold":
      return t("From “{before}” to “{after}”: it has been quieter for a while.", names);
    case "disabled":
      return t("From “{before}” to “{after}”: the measures were switched off.", names);
    default:
      return t("From “{before}” to “{after}”.", names);
  }
}
