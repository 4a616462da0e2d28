// The words of what is promised: the queue rule's levels, callbacks and their attempts, blocked callers, test dials.
import { t } from "./i18n.js";
import { outcome, vocabulary } from "./words.js";

export const policyLevel = vocabulary(() => ({
  calm: [t("Normal"), "good"],
  warning: [t("Attention"), "warn"],
  reinforce: [t("Reinforce"), "warn"],
  offer: [t("Offer callbacks"), "bad"],
  full: [t("Full"), "bad"],
}));

/** Why a callback is owed: the outcome of the missed call, or the citizen's own wish. */
export const owedBecause = vocabulary(() => ({
  ...Object.fromEntries(outcome.all()),
  requested: [t("Asked to be called back"), "note"],
}));

/** What an attempt came to; `dialling` while it is under way. */
export const attemptResult = vocabulary(() => ({
  dialling: [t("Dialling"), "busy"],
  answered: [t("Answered"), "good"],
  no_answer: [t("Nobody answered"), "warn"],
  busy: [t("Busy"), "warn"],
  refused: [t("Refused"), "warn"],
  wrong_number: [t("Wrong number"), "bad"],
  voicemail: [t("Voicemail"), "warn"],
  failed: [t("Line fault"), "dim"],
  cancelled: [t("Agent hung up first"), "dim"],
  agent_no_answer: [t("Agent did not answer"), "dim"],
  not_dialled: [t("Not dialled"), "dim"],
  expired: [t("Too late, not dialled"), "dim"],
}));

/** Results that are our own side's fault and do not count as an attempt on the citizen. */
export const OWN_FAULTS = ["failed", "cancelled", "agent_no_answer", "not_dialled", "expired"];

/** Why a number is not dialled without a supervisor. */
export const heldBecause = vocabulary(() => ({
  emergency: [t("Emergency number"), "bad"],
  premium: [t("Premium number"), "bad"],
  foreign: [t("Foreign number"), "bad"],
  unknown: [t("Unknown kind of number"), "bad"],
}));

export const blockLevel = vocabulary(() => ({
  announce: [t("Warn first"), "note"],
  limit: [t("Limit per hour"), "warn"],
  block: [t("Block"), "bad"],
}));

/** Why an address is refused by the telephone server. */
export const banReason = vocabulary(() => ({
  names: [t("Guessed names"), "bad"],
  wrong: [t("Guessed a password"), "bad"],
  flood: [t("Flooded the server"), "bad"],
  manual: [t("By hand"), "note"],
}));

export const testResult = vocabulary(() => ({
  dialling: [t("Under way"), "busy"],
  passed: [t("Passed"), "good"],
  failed: [t("Failed"), "bad"],
  yielded: [t("Gave way to a citizen"), "dim"],
}));
