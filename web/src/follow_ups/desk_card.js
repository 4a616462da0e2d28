// A follow-up under way at the agent's own seat, on the desk: how far the call is, and the way to the answer and the form.
import { html } from "lit-html";
import { callerNumber } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";

const STAGES = /** @type {const} */ (["ringing", "dialling", "talking"]);

/** @param {import("../core/live.js").Dialling & {ticket?: string}} visit as the live stream tells it, number masked */
export function followUpCard(visit) {
  const at = STAGES.indexOf(visit.stage);
  const words = {
    ringing: [t("Your phone rings"), t("Pick up; the citizen is dialled then.")],
    dialling: [t("Dialling the citizen"), t("Stay on the line; the citizen's phone rings.")],
    talking: [t("In the talk"), t("Read the answer out, ask whether the citizen is satisfied, and note it.")],
  };
  const [, advice = ""] = words[visit.stage] ?? [];
  return html`
    <section class="dialling" aria-labelledby="visiting" data-stage=${visit.stage} data-testid="visiting">
      <header>
        <h3 id="visiting">${icon("phone")}${t("Follow-up")}</h3>
        <ol class="stages">
          ${STAGES.map((stage, step) => html`<li aria-current=${step === at ? "step" : "false"} ?data-passed=${step < at}>
            <span>${step + 1}</span>${words[stage][0]}</li>`)}
        </ol>
      </header>
      <p class="dialling-number">${callerNumber(visit.caller)}</p>
      <p class="dialling-advice" role="status">${advice}</p>
      <p class="buttons"><a class="button primary" href="/follow-ups?follow_up=${visit.id}">${t("Answer and result")}</a>
        ${visit.ticket ? html`<a class="button" href="/tickets/${visit.ticket}">${t("Request {number}", { number: visit.ticket })}</a>` : ""}</p>
    </section>
  `;
}
