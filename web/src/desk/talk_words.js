// Who a third is, and why they were not reached, in words.
import { callerNumber } from "../core/format.js";
import { t } from "../core/i18n.js";

/** @typedef {import("../core/live.js").Aside} Aside */

/** @param {Aside} aside */
export function thirdIs({ kind, who }) {
  if (kind === "seat") return t("Seat {seat}", { seat: who ?? "" });
  if (kind === "police") return t("Police {number}", { number: who ?? "" });
  return callerNumber(who ?? "");
}

/** @param {Aside} aside */
export function notReached(aside) {
  const who = thirdIs(aside);
  switch (aside.result) {
    case "busy":
      return t("{who} is busy.", { who });
    case "no_answer":
      return t("{who} does not answer.", { who });
    case "wrong_number":
      return t("{who} does not exist: check the number.", { who });
    case "refused":
      return t("{who} refused the call.", { who });
    case "no_line":
      return t("There is no line to the telephone network; tell the supervisor.");
    default:
      return t("{who} could not be reached.", { who });
  }
}

/** What to do about it. @param {Aside} aside */
export function nowWhat({ kind, result }) {
  if (result === "busy" || result === "no_answer" || result === "refused")
    return kind === "police" ? t("Press F1 to call them again.") : t("Try again, or call somebody else in.");
  return "";
}
