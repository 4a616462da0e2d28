// Today's indicators: each share with its numerator, denominator and target, and a way to the calls behind it.
import { html } from "lit-html";
import { percent } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { owedFigure } from "./owed.js";

/**
 * @param {Partial<import("../core/live.js").Floor>} floor
 */
export function figuresPanel(floor) {
  const { figures = {}, queue } = floor;
  const { day, calls } = figures;
  const behind = (/** @type {string} */ path, /** @type {string} */ query = "") =>
    `${path}?${day ? `day=${day}` : ""}${query}`;
  const limit = queue?.limit ?? 5;
  const most = queue?.max_waiting_seen;
  return html`
    <section class="figures" aria-label=${t("Today")}>
      ${rate(t("Answer rate"), figures.answer_rate, behind("/calls"), "answer-rate")}
      ${rate(t("Answered in 30 s"), figures.answer_rate_30s, behind("/calls"), "answer-rate-30s")}
      ${owedFigure(floor, behind("/callbacks", "&view=all"))}
      <a class="figure" href=${behind("/calls")} data-met=${String(most === undefined || most < limit)}>
        <span class="figure-name">${t("Most waiting today")}</span>
        <strong class="figure-value">${most ?? "—"}</strong>
        <span class="figure-foot">
          ${most !== undefined && most >= limit
            ? html`${icon("missed")}${t("Limit broken")}`
            : html`${icon("met")}${t("Always below {limit}", { limit })}`}
        </span>
      </a>
      <a class="figure" href=${behind("/calls")}>
        <span class="figure-name">${t("Calls today")}</span>
        <strong class="figure-value" data-testid="calls">${calls ?? "—"}</strong>
        <span class="figure-foot"></span>
      </a>
    </section>
  `;
}

/**
 * @param {string} name
 * @param {import("../core/live.js").Rate | undefined} rate
 * @param {string} href
 * @param {string} id
 */
function rate(name, rate, href, id) {
  const { numerator = 0, denominator = 0, value, target, met } = rate ?? {};
  const known = value !== undefined && value !== null;
  return html`
    <a class="figure wide" href=${href} data-met=${known ? String(Boolean(met)) : "none"} data-testid=${id}>
      <span class="figure-line">
        <span class="figure-name">${name}</span>
        <span class="figure-of">${numerator} / ${denominator}</span>
      </span>
      <strong class="figure-value">${percent(value)}</strong>
      <span class="figure-foot">
        ${known
          ? html`${icon(met ? "met" : "missed")}<b>${met ? t("Met") : t("Not met")}</b>`
          : html`${icon("none")}${t("No calls yet")}`}
        ${target ? html`<span class="figure-target">${t("Target")} ≥ ${percent(target)}</span>` : ""}
      </span>
    </a>
  `;
}
