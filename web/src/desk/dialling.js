// A callback that rings the agent's phone: whom they will hear, why, and how often it was tried. Large, because there are
// only the seconds of a ring to read it in.
import { html, nothing } from "lit-html";
import { age } from "../core/clock.js";
import { between, callerNumber, clockMinute, duration, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { attemptResult, owedBecause } from "../core/words_owed.js";
import { chip } from "../lists/chip.js";
import { due } from "./work.js";

/** @typedef {import("./work.js").Callback} Callback */
/** @typedef {import("../core/live.js").Dialling} Dialling */

const STAGES = /** @type {const} */ (["ringing", "dialling", "talking"]);

/**
 * The callback under way at the agent's own seat.
 * @param {Dialling} dialling as the live stream tells it, number masked
 * @param {Callback | undefined} callback all that is known of it; undefined until it is loaded
 * @param {number} now milliseconds
 * @param {unknown} notes what may be noted of it now
 */
export function diallingCard(dialling, callback, now, notes) {
  const at = STAGES.indexOf(dialling.stage);
  const words = {
    ringing: [t("Your phone rings"), t("Pick up; the citizen is dialled then.")],
    dialling: [t("Dialling the citizen"), t("Stay on the line; the citizen's phone rings.")],
    talking: [t("In the talk"), t("The citizen is on the line.")],
  };
  const [, advice = ""] = words[dialling.stage] ?? [];
  return html`
    <section class="dialling" aria-labelledby="dialling" data-stage=${dialling.stage} data-testid="dialling">
      <header>
        <h3 id="dialling">${icon("phone")}${t("Callback")}</h3>
        <ol class="stages">
          ${STAGES.map((stage, step) => html`<li aria-current=${step === at ? "step" : "false"} ?data-passed=${step < at}>
            <span>${step + 1}</span>${words[stage][0]}</li>`)}
        </ol>
      </header>
      <p class="dialling-number">${numberOf(callback) || callerNumber(dialling.caller)}</p>
      <p class="dialling-advice" role="status">${advice}</p>
      ${notes}
      ${callback ? facts(callback, now) : html`<p class="hint" aria-busy="true">${t("Loading…")}</p>`}
    </section>
  `;
}

/** What is dialled: the number the citizen keyed, else their own. @param {Callback | undefined} callback */
export const numberOf = (callback) => callback?.number || callback?.caller || "";

/** @param {Callback} callback @param {number} now */
function facts(callback, now) {
  const earlier = (callback.attempts ?? []).filter(({ result }) => result !== "dialling");
  const calls = callback.calls?.length ?? 0;
  const ago = age(callback.called_at ?? callback.opened_at, now);
  const other = callback.number && callback.number !== callback.caller;
  return html`
    <dl class="facts">
      <div><dt>${t("First called")}</dt><dd>${shortMoment(callback.called_at ?? callback.opened_at)}
        <small>${ago === null ? nothing : t("{time} ago", { time: duration(ago) })}</small></dd></div>
      <div><dt>${t("Why")}</dt><dd>${owedBecause(callback.reason ?? "—")[0]}</dd></div>
      <div><dt>${t("Times called")}</dt><dd>${t("{count} times", { count: calls })}</dd></div>
      <div><dt>${t("Due")}</dt><dd>${clockMinute(callback.due_at)} ${due(callback, now)}</dd></div>
      ${other ? html`<div><dt>${t("Called from")}</dt><dd>${callerNumber(callback.caller)}</dd></div>` : nothing}
      ${callback.ticket ? html`<div><dt>${t("Ticket")}</dt><dd>${callback.ticket}</dd></div>` : nothing}
    </dl>
    <div class="earlier">
      <h4>${t("Earlier attempts")}</h4>
      ${earlier.length ? html`<ul>${earlier.slice(-4).map(attemptLine)}</ul>` : html`<p class="hint">${t("This is the first attempt.")}</p>`}
    </div>
  `;
}

/** @param {import("./work.js").Attempt} attempt */
const attemptLine = (attempt) => html`<li>
  <span>${shortMoment(attempt.at)}</span><span>${t("Agent")} ${attempt.agent}</span>${chip(attemptResult(attempt.result))}
  <span class="hint">${attempt.ended_at ? duration(between(attempt.at, attempt.ended_at)) : ""}${attempt.note ? ` ${attempt.note}` : ""}</span>
</li>`;
