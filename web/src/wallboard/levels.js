// How near the queue is to its limit, in words, shape and tone; the screen shows all three.
import { t } from "../core/i18n.js";

/** @typedef {"calm" | "warning" | "strong" | "full" | "breach"} Level */

/**
 * The customer's rule: `limit` (5) people may never be found waiting; `max` (4) is what the queue lets in.
 * @param {number} waiting
 * @param {number} limit
 * @param {number} max
 * @returns {Level}
 */
export function levelOf(waiting, limit, max) {
  if (waiting >= limit) return "breach";
  if (waiting >= max) return "full";
  if (waiting >= limit - 2) return "strong";
  if (waiting >= limit - 3 && waiting > 0) return "warning";
  return "calm";
}

/**
 * @param {Level} level
 * @param {number} waiting
 * @param {boolean} measured whether the queue rule's policy acts by itself
 * @returns {[word: string, advice: string]}
 */
export function levelWords(level, waiting, measured) {
  switch (level) {
    case "breach":
      return [t("Over the limit"), t("Everyone to the phones, now")];
    case "full":
      return [t("Queue full"), measured ? t("Newcomers are called back") : t("Call in reserves now")];
    case "strong":
      return [t("Pressed"), measured ? t("Answer fast; help is called") : t("Answer fast, warn reserves")];
    case "warning":
      return [t("Attention"), t("Callers are queueing")];
    default:
      return waiting ? [t("Normal"), t("A seat is being found")] : [t("Normal"), t("Nobody is waiting")];
  }
}
