// What is wrong with the phone, in words: what happened, and what to do.
import { duration } from "../core/format.js";
import { t } from "../core/i18n.js";

/** @typedef {"insecure" | "unsupported" | "no_microphone" | "denied" | "busy_microphone" | "lost_microphone" | "held" | "taken" | "refused"
 *   | "line" | "telephony" | "server" | "other"} Kind */
/** @typedef {{kind: Kind, detail?: string}} Trouble */
/** @typedef {"retry" | "take_over" | "stand_back" | "https" | "certificate"} Mend */
/** @typedef {{title: string, advice: string, mends: Mend[], tone: "bad" | "warn" | "note"}} Words */

/** A clock that is further off than this makes certificates and times look wrong; milliseconds. */
export const CLOCK_MS = 120_000;

/** @param {Trouble} trouble @returns {Words} */
export function wordsOf({ kind, detail = "" }) {
  switch (kind) {
    case "insecure":
      return {
        title: t("This page may not use the microphone"),
        advice: t("Browsers give it to secure pages only. Open the desk at its https address; it is the same desk."),
        mends: ["https"],
        tone: "bad",
      };
    case "unsupported":
      return {
        title: t("This browser cannot telephone"),
        advice: t("Use a current Chrome, Edge or Firefox, or a SIP phone at your seat."),
        mends: [],
        tone: "bad",
      };
    case "no_microphone":
      return {
        title: t("No microphone was found"),
        advice: t("Plug the headset in; it is found by itself. Until then no calls come to this page."),
        mends: ["retry"],
        tone: "bad",
      };
    case "denied":
      return {
        title: t("The microphone is not allowed"),
        advice: t("Click the icon left of the address, set Microphone to Allow, and try again."),
        mends: ["retry"],
        tone: "bad",
      };
    case "busy_microphone":
      return {
        title: t("The microphone cannot be used"),
        advice: t("Another program may be using it, or the system forbids it. Close that program, or choose another microphone, and try again."),
        mends: ["retry"],
        tone: "bad",
      };
    case "lost_microphone":
      return {
        title: t("The microphone is gone"),
        advice: t("Plug it in again, or choose another one; the call goes on as soon as it is there."),
        mends: ["retry"],
        tone: "bad",
      };
    case "held":
      return {
        title: t("Your phone is in another window"),
        advice: t("One window at a time takes calls. Take them here, or leave them there."),
        mends: ["take_over", "stand_back"],
        tone: "warn",
      };
    case "taken":
      return {
        title: t("Calls come to another window now"),
        advice: t("This window stands back. Take the calls here again whenever you like."),
        mends: ["take_over"],
        tone: "note",
      };
    case "refused":
      return { title: t("The phone was refused"), advice: detail || t("Try again, or tell the supervisor."), mends: ["retry"], tone: "bad" };
    case "telephony":
      return {
        title: t("Telephony is down"),
        advice: t("The phone connects by itself as soon as it is back. Tell the supervisor if this lasts."),
        mends: [],
        tone: "bad",
      };
    case "line":
      return {
        title: t("The phone has no line"),
        advice: t("It keeps trying. If it never connects, the certificate may not be trusted on this computer: open the address below, accept it, and come back."),
        mends: ["certificate", "retry"],
        tone: "bad",
      };
    case "server":
      return { title: t("The server cannot be reached"), advice: t("Check the network cable. The phone connects by itself as soon as it can."), mends: [], tone: "bad" };
    default:
      return { title: t("The phone does not work"), advice: detail, mends: ["retry"], tone: "bad" };
  }
}

/**
 * What a browser said when it was asked for the microphone.
 * @param {unknown} error
 * @returns {Trouble}
 */
export function ofMicrophone(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotFoundError" || name === "OverconstrainedError") return { kind: "no_microphone" };
  if (name === "NotAllowedError" || name === "SecurityError") return { kind: "denied" };
  if (name === "NotReadableError" || name === "AbortError") return { kind: "busy_microphone" };
  return { kind: "other", detail: error instanceof Error ? error.message : String(error) };
}

/**
 * What to say of this computer's clock, or nothing when it is right.
 * @param {number} off milliseconds that it is ahead of the server's
 */
export function clockWords(off) {
  if (Math.abs(off) < CLOCK_MS) return "";
  const time = duration(Math.round(Math.abs(off) / 1000));
  return off > 0
    ? t("This computer's clock is {time} fast. Set it right: certificates and times depend on it.", { time })
    : t("This computer's clock is {time} slow. Set it right: certificates and times depend on it.", { time });
}
