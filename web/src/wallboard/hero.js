// The waiting callers against the limit: the one thing on the wall that nobody may overlook.
import { html } from "lit-html";
import { age } from "../core/clock.js";
import { callerNumber, duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { deskChip, inLine } from "../core/waiting.js";
import { levelOf, levelWords } from "./levels.js";

const shape = /** @type {const} */ ({ calm: "calm", warning: "warn", strong: "warn", full: "stop", breach: "stop" });

/**
 * @param {import("../core/live.js").Floor["queue"] | undefined} queue
 * @param {import("../core/live.js").Policy | undefined} policy
 * @param {number} now milliseconds
 */
export function hero(queue, policy, now) {
  const { limit = 5, max = 4, waiting = [], in_greeting: inGreeting = 0 } = queue ?? {};
  const inOrder = inLine(waiting);
  const counted = levelOf(waiting.length, limit, max);
  // One who waits too long is a warning, whatever the count says.
  const level = counted === "calm" && waiting.length && policy && policy.level !== "calm" ? "warning" : counted;
  const [word, advice] = levelWords(level, waiting.length, Boolean(policy));
  const limitWords = t("Limit: fewer than {limit}", { limit });
  const spoken = t("{count} waiting: {word}", { count: waiting.length, word });
  const longest = Math.max(-1, ...inOrder.map((caller) => age(caller.since, now) ?? 0));
  return html`
    <section class="hero" data-level=${level} aria-labelledby="hero-title">
      <header>
        <h2 id="hero-title">${t("Callers waiting")}</h2>
        <p class="hero-limit">${limitWords}</p>
      </header>
      <div class="hero-now">
        <p class="hero-number" data-testid="waiting">${queue ? waiting.length : "—"}</p>
        <div class="hero-words">
          <p class="hero-level">${icon(shape[level])}<span>${word}</span></p>
          <p class="hero-advice">${advice}</p>
          <p class="hero-longest">
            <span>${t("Longest wait")}</span>
            <strong data-testid="longest">${longest < 0 ? "—" : duration(longest)}</strong>
          </p>
        </div>
      </div>
      <ol class="slots">
        ${Array.from({ length: limit }, (_, at) => slot(inOrder[at], at + 1, max, now))}
      </ol>
      <p class="hero-foot">
        <span>${t("In greeting and menu")}</span>
        <strong>${inGreeting}</strong>
      </p>
      <p class="sr-only" role="status">${spoken}</p>
    </section>
  `;
}

/**
 * One place in the queue. Those past `max` are the forbidden ones: hatched, and red should one ever be taken.
 * @param {import("../core/live.js").Waiting | undefined} caller
 * @param {number} place
 * @param {number} max
 * @param {number} now
 */
function slot(caller, place, max, now) {
  const forbidden = place > max;
  return html`
    <li class="slot" ?data-filled=${Boolean(caller)} ?data-forbidden=${forbidden}>
      <span class="slot-place">${place}</span>
      ${caller
        ? html`<span class="slot-caller">${callerNumber(caller.caller)} ${deskChip(caller)}</span>
            <span class="slot-age">${duration(age(caller.since, now))}</span>`
        : html`<span class="slot-empty">${forbidden ? t("Must stay empty") : ""}</span>`}
    </li>
  `;
}
