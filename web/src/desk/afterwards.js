// After a callback: what it came to, and what only the agent can know of it.
import { html, nothing } from "lit-html";
import { age } from "../core/clock.js";
import { clockMinute } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { attemptResult } from "../core/words_owed.js";
import { chip } from "../lists/chip.js";
import { numberOf } from "./dialling.js";

/** @typedef {import("./work.js").Callback} Callback */

/** What an agent may note of a talk, with the key that does it. */
export const NOTES = /** @type {const} */ ([
  ["voicemail", "F6"],
  ["wrong_number", "F7"],
]);

/** The attempt that is judged. @param {Callback | undefined} callback */
export const lastAttempt = (callback) => callback?.attempts?.[callback.attempts.length - 1];

/** What came of it is news for so many seconds. */
const NEWS = 600;

/**
 * Whether the callback that was under way here is still worth a word.
 * @param {Callback | undefined} callback
 * @param {number} now milliseconds
 * @returns {callback is Callback}
 */
export const isNews = (callback, now) => Boolean(callback) && (age(lastAttempt(callback)?.ended_at, now) ?? 0) < NEWS;

/**
 * Whether somebody, or something, picked up: only then is there anything to note.
 * @param {Callback | undefined} callback
 */
export const answered = (callback) => lastAttempt(callback)?.result === "answered";

/**
 * The buttons, while the talk lasts and after it.
 * @param {import("./desk.js").Desk} desk
 */
export const noteButtons = (desk) => html`
  <div class="buttons notes" role="group" aria-label=${t("Nobody to talk to?")}>
    <span>${t("Nobody to talk to?")}</span>
    ${NOTES.map(([result, key]) => html`<button class="button" type="button" ?disabled=${desk.busy} aria-keyshortcuts=${key}
      @click=${() => desk.note(result)}>${attemptResult(result)[0]}<kbd>${key}</kbd></button>`)}
  </div>`;

/**
 * @param {import("./desk.js").Desk} desk
 * @param {Callback} callback the one that was just under way
 */
export function afterwards(desk, callback) {
  const last = lastAttempt(callback);
  const going = !last || last.result === "dialling";
  const again = callback.state === "retry" && callback.next_at;
  return html`
    <section class="afterwards" aria-label=${t("Last callback")} data-testid="afterwards">
      <p><span>${t("Last callback")}</span><b class="number">${numberOf(callback)}</b>
        ${going ? html`<span class="hint" aria-busy="true">${t("The result is on its way…")}</span>` : chip(attemptResult(last.result))}
        ${again ? html`<span class="hint">${t("Dialled again from {time}", { time: clockMinute(callback.next_at) })}</span>` : nothing}
        ${callback.state === "unreachable" ? html`<span class="hint">${t("Nobody could be reached; it is closed with its evidence.")}</span>` : nothing}
        <button class="link" type="button" @click=${() => desk.forget()}>${icon("missed")}<span class="sr-only">${t("Close")}</span></button></p>
      ${answered(callback) ? noteButtons(desk) : nothing}
    </section>
  `;
}
