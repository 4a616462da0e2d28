// What an agent can do in each state, with the key that does it. Function keys, because a Chinese input method
// swallows letters.
import { t } from "../core/i18n.js";

/** @typedef {import("../core/live.js").Seat} Seat */
/** @typedef {{id: "ready" | "break" | "sign_out", key: string, word: string, kind: string, path: string, body?: object}} Action */

export const BREAK_REASONS = /** @type {const} */ (["rest", "meal", "training", "meeting"]);

/**
 * @param {Seat | undefined} seat the agent's own seat
 * @returns {Action[]}
 */
export function actionsFor(seat) {
  if (!seat) return [];
  /** @type {Action} */
  const ready = { id: "ready", key: "F2", word: t("Ready"), kind: "primary", path: "ready", body: {} };
  /** @type {Action} */
  const pause = { id: "break", key: "F4", word: t("Take a break"), kind: "", path: "break" };
  /** @type {Action} */
  const out = { id: "sign_out", key: "F8", word: t("Sign out"), kind: "quiet", path: "sign-out", body: {} };
  switch (seat.state) {
    case "ready":
      return [pause, out];
    case "break":
      return [ready, pause, out];
    case "wrap_up":
      return [{ ...ready, word: t("Ready now") }, pause, out];
    case "talking":
      return [{ ...pause, word: t("Break after this call") }];
    default:
      return [];
  }
}
