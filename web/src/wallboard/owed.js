// Missed calls and the callbacks owed for them: today's count beside what is open now.
import { html } from "lit-html";
import { clockMinute } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";

/**
 * @param {Partial<import("../core/live.js").Floor>} floor
 * @param {string} behind where the day's list is
 */
export function owedFigure({ figures = {}, callbacks }, behind) {
  const { missed, called_back: calledBack } = figures;
  const owed = missed === undefined || calledBack === undefined ? 0 : Math.max(0, missed - calledBack);
  const { open = owed, overdue = 0, dialling = 0, held = 0, next_due: next } = callbacks ?? {};
  return html`
    <a class="figure owed" href=${behind} data-met=${String(open === 0)} data-testid="missed">
      <span class="owed-values">
        <span><span class="figure-name">${t("Missed today")}</span><strong class="figure-value">${missed ?? "—"}</strong></span>
        <span><span class="figure-name">${t("Called back")}</span><strong class="figure-value">${calledBack ?? "—"}</strong></span>
        <span data-testid="owed-open"><span class="figure-name">${t("Owed now")}</span><strong class="figure-value">${callbacks ? open : "—"}</strong></span>
      </span>
      <span class="figure-foot">
        ${overdue
          ? html`<b class="owed-overdue" data-testid="overdue">${icon("stop")}${t("{count} overdue", { count: overdue })}</b>`
          : open
            ? html`<b>${icon("warn")}${t("{count} to call back", { count: open })}</b>`
            : html`<b>${icon("met")}${t("None owed")}</b>`}
        ${dialling ? html`<span class="owed-dialling">${icon("phone")}${t("{count} dialling", { count: dialling })}</span>` : ""}
        ${held ? html`<span class="owed-held">${t("{count} held", { count: held })}</span>` : ""}
        ${callbacks?.line === false && open
          ? html`<span class="owed-next">${t("No line to dial out")}</span>`
          : next ? html`<span class="owed-next">${t("Due {time}", { time: clockMinute(next) })}</span>` : ""}
      </span>
    </a>
  `;
}
