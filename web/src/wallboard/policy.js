// The queue rule's measures: how far they have gone, what is being done now, and what a newcomer is told.
import { html } from "lit-html";
import { duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { policyLevel } from "../core/words_owed.js";
import { levelOf } from "./levels.js";

/** @typedef {import("../core/live.js").PolicyLevel} PolicyLevel */

/** @type {Record<PolicyLevel, Parameters<typeof icon>[0]>} */
const shape = { calm: "calm", warning: "warn", reinforce: "people", offer: "phone", full: "stop" };
const LEVELS = /** @type {PolicyLevel[]} */ (["calm", "warning", "reinforce", "offer", "full"]);
/** A caller is to be answered within so many seconds (座席30秒接通率). */
const PROMISE = 30;
/** Names that are longer together are only counted. */
const NAMED = 9;

/**
 * @param {Partial<import("../core/live.js").Floor>} floor
 */
export function policyStrip({ policy, queue, seats }) {
  const reached = policy ? LEVELS.indexOf(policy.level) : -1;
  const wait = policy?.predicted_wait ?? null;
  const within = policy?.within_minutes;
  const spoken = policy ? t("Measures: {level}", { level: policyLevel(policy.level)[0] }) : "";
  const tone = policy ? policyLevel(policy.level)[1] : "dim";
  return html`
    <section class="policy" aria-label=${t("Measures")} data-tone=${tone}>
      <ol class="ladder">
        ${LEVELS.map((level, at) => html`<li data-step=${level} data-tone=${policyLevel(level)[1]}
            aria-current=${at === reached ? "step" : "false"} ?data-passed=${at < reached && at > 0}>
          ${icon(shape[level])}<span>${policyLevel(level)[0]}</span></li>`)}
      </ol>
      <p class="policy-doing" data-testid="doing">${policy ? doing(policy, queue, seats ?? {}) : t("Measures not known yet")}</p>
      <p class="policy-figure" data-testid="predicted" ?data-broken=${wait !== null && wait > PROMISE}>
        <span>${t("Predicted wait")}</span><strong>${wait === null ? "—" : duration(Math.round(wait))}</strong></p>
      <p class="policy-figure" data-testid="within">
        <span>${t("Called back within")}</span><strong>${within ? t("{minutes} min", { minutes: within }) : "—"}</strong></p>
      <p class="sr-only" role="status">${spoken}</p>
    </section>
  `;
}

/**
 * What is being done now, in the words of the floor.
 * @param {import("../core/live.js").Policy} policy
 * @param {import("../core/live.js").Floor["queue"] | undefined} queue
 * @param {Record<string, import("../core/live.js").Seat>} seats
 */
function doing({ level, called_back: called = [], reserves = [] }, queue, seats) {
  const { limit = 5, max = 4, waiting = [] } = queue ?? {};
  const names = Object.fromEntries(Object.values(seats).map((seat) => [seat.agent, seat.name || seat.agent]));
  const words = [];
  if (called.length) words.push(t("Back to the seat: {names}", { names: listed(called.map((one) => names[one] ?? one)) }));
  if (reserves.length) words.push(t("Reserves: {names}", { names: listed(reserves.map((one) => names[one] ?? one)) }));
  if (words.length) return words.map((sentence) => html`<span>${sentence}</span>`);
  if (level !== "calm" && levelOf(waiting.length, limit, max) === "calm" && !waiting.length) {
    return t("Falling; measures are held a little longer");
  }
  switch (level) {
    case "full":
      return t("No place left: newcomers will be called back");
    case "offer":
      return t("Newcomers are offered a callback at once");
    case "reinforce":
      return t("After-call work is cut short; breaks and reserves are called");
    case "warning":
      return t("Somebody waits; answer at once");
    default:
      return t("No measure is needed");
  }
}

/** @param {string[]} names */
function listed(names) {
  const all = names.join(t(", "));
  return names.length === 1 || all.length <= NAMED ? all.slice(0, 2 * NAMED) : t("{count} people", { count: names.length });
}
