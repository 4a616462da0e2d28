// The words of the indicators: their names, what they are made of, and why a call or a request counts as it does.
import { t } from "../core/i18n.js";
import { callbackState, outcome, vocabulary } from "../core/words.js";

/** Why a request stands in the list behind an indicator as it does. */
export const because = vocabulary(() => ({
  in_time: [t("Closed in time"), "good"],
  closed_late: [t("Closed late"), "bad"],
  open_late: [t("Open and late"), "bad"],
  satisfied: [t("Satisfied"), "good"],
  fairly: [t("Fairly satisfied"), "good"],
  unhappy: [t("Unhappy"), "bad"],
  same_unit: [t("Closed by the first unit"), "good"],
  another_unit: [t("Closed by another unit"), "bad"],
  not_closed_yet: [t("Not closed yet"), "dim"],
  asked: [t("Followed up"), "good"],
  not_reached: [t("Not reached"), "warn"],
  follow_up_owed: [t("Follow-up owed"), "bad"],
  within_limit: [t("Within the limit"), "good"],
  over_limit: [t("Longer than the limit"), "bad"],
}));

/** @param {string} why @returns {import("../core/words.js").Word} */
export function reason(why) {
  return why.startsWith("callback_") ? callbackState(why.slice("callback_".length)) : because(why)[0] === why ? outcome(why) : because(why);
}

/** What its numerator and its denominator are, by number. @returns {Record<number, [string, string]>} */
export const madeOf = () => ({
  1: [t("answered by a person"), t("asked for a person")],
  2: [t("closed in time"), t("fell due")],
  3: [t("satisfied or fairly satisfied"), t("said a last word")],
  4: [t("closed by the first unit, or open"), t("first dispatched")],
  5: [t("called back"), t("missed")],
  6: [t("followed up"), t("reply approved")],
  7: [t("working days"), t("requests submitted")],
  12: [t("satisfied"), t("rated")],
});

/** Parts of an indicator, by the name that the server gives them. @returns {Record<string, string>} */
export const partNames = () => ({
  "dispatch error": t("Dispatch error"),
  "citizens who said a word": t("Citizens who said a word"),
  enquiries: t("Enquiries"),
  "other requests": t("Other requests"),
  "within the limit": t("Within the limit"),
});

/** Why it cannot be measured yet. @param {string} reason as the server says it */
export const notYet = (reason) => ({
  "nothing to count in this period": t("Nothing to count in this period"),
  "nothing is inspected yet": t("Nothing is inspected yet"),
  "incidents are not recorded yet": t("Incidents are not recorded yet"),
  "reports are not tracked yet": t("Reports are not tracked yet"),
  "complaints about service are not recorded yet": t("Complaints about service are not recorded yet"),
})[reason] ?? reason;
