// The twelve indicators of the contract for a period, each with what it was divided from, and the list behind it.
import { html, nothing, render, svg } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { ApiError, request } from "../core/api.js";
import { serverNow } from "../core/clock.js";
import { clockTime, percent } from "../core/format.js";
import { locale, t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { keepFresh } from "../core/refresh.js";
import { chip } from "../lists/chip.js";
import { Behind } from "./behind.js";
import { chosen, picker, remember } from "./period.js";
import { madeOf, notYet, partNames } from "./words.js";

/** @typedef {{numerator: number | null, denominator: number | null, value: number | null, target: number | null, met: boolean | null}} Share */
/**
 * @typedef {Share & {number: number, name: string, name_zh: string, unit: "share" | "working_days" | "count", reason: string | null,
 *   within_30_seconds: Share | null, parts: (Share & {name: string, name_zh: string})[], listed: boolean}} Indicator
 */

const amount = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const days = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const chinese = locale.startsWith("zh");
/** Indicators that are to stay at or below their target. */
const AT_MOST = [7, 9, 11];

/** @param {HTMLElement} main */
export function startIndicators(main) {
  let period = chosen();
  /** @type {Indicator[] | null} */
  let rows = null;
  let fault = "";
  let loadedAt = 0;
  /** @type {Behind | null} */
  let behind = null;

  const draw = () => render(page(), main);
  const load = async () => {
    const asked = period;
    if (asked.name) period = chosen(); // at midnight the period moves on
    const query = new URLSearchParams({ since: period.since, until: period.until });
    try {
      const answer = await request("GET", `/api/v1/indicators?${query}`);
      if (period.since !== query.get("since") || period.until !== query.get("until")) return;
      rows = Array.isArray(answer) ? answer : [];
      fault = "";
      loadedAt = serverNow();
    } catch (error) {
      fault = error instanceof ApiError ? error.message : String(error);
    }
    draw();
  };

  /** @param {import("./period.js").Period} wanted */
  const choose = (wanted) => {
    period = wanted;
    remember(period);
    rows = null;
    behind?.ask(period);
    draw();
    refresh();
  };

  /** @param {Indicator} row */
  const open = (row) => {
    behind = behind?.number === row.number ? null : new Behind(row, period, draw);
    draw();
  };

  const page = () => html`
    <header class="list-head">
      <h1>${t("Indicators")}</h1>
      ${picker(period, choose)}
      <p class="list-state" role="status">${loadedAt ? html`<span>${t("as of {time}", { time: clockTime(loadedAt) })}</span>` : nothing}</p>
    </header>
    ${fault
      ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}${fault}
          <button class="link" type="button" @click=${() => refresh()}>${t("Try again")}</button></p>`
      : nothing}
    ${rows === null ? (fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`) : [summary(rows), table(rows)]}
  `;

  /** @param {Indicator[]} all */
  const table = (all) => html`<div class="table-box indicators" tabindex="0" role="region" aria-label=${t("Indicators")}>
    <table>
      <thead><tr>
        <th scope="col"><span class="sr-only">${t("Details")}</span></th><th scope="col">${t("Indicator")}</th>
        <th scope="col" data-kind="number">${t("Value")}</th><th scope="col"><span class="sr-only">${t("Compared with the target")}</span></th>
        <th scope="col" data-kind="number">${t("Target")}</th><th scope="col">${t("Numerator / denominator")}</th><th scope="col">${t("Result")}</th>
      </tr></thead>
      <tbody>${repeat(all, (row) => row.number, (row) => html`
        <tr ?data-attention=${row.met === false} ?data-opens=${row.listed} data-number=${row.number} @click=${row.listed ? (/** @type {Event} */ event) => clicked(event, row) : nothing}>
          <td class="opener">${row.listed
            ? html`<button type="button" class="open" aria-expanded=${String(behind?.number === row.number)} aria-label=${t("List behind {name}", { name: nameOf(row) })}
                @click=${() => open(row)}>${icon("open")}</button>`
            : nothing}</td>
          <td data-label=${t("Indicator")}><span class="indicator-name"><i>${row.number}</i><b>${nameOf(row)}</b></span></td>
          <td data-label=${t("Value")} data-kind="number" ?data-empty=${row.value === null}><strong class="indicator-value" data-tone=${tone(row)}>${value(row)}</strong></td>
          <td class="indicator-bar" data-empty>${bar(row)}</td>
          <td data-label=${t("Target")} data-kind="number">${target(row)}</td>
          <td data-label=${t("Numerator / denominator")} ?data-empty=${row.denominator === null}>${row.denominator === null ? "—" : fraction(row)}</td>
          <td data-label=${t("Result")}>${result(row)}</td>
        </tr>
        ${details(row).map((one) => html`<tr class="indicator-part">
          <td></td><td>${one.name}</td><td data-kind="number"><b data-tone=${tone(one)}>${value({ ...one, unit: one.unit })}</b></td><td class="indicator-bar">${bar(one)}</td>
          <td data-kind="number">${target(one)}</td><td>${one.denominator === null ? "—" : html`<span class="fraction">${amount.format(one.numerator ?? 0)} / ${amount.format(one.denominator)}</span>`}</td>
          <td>${one.met === null ? nothing : result(one)}</td></tr>`)}
        ${behind?.number === row.number ? html`<tr class="detail"><td colspan="7">${behind.view()}</td></tr>` : nothing}`)}
      </tbody>
    </table>
  </div>`;

  /** @param {Event} event @param {Indicator} row */
  const clicked = ({ target: on }, row) => {
    if (/** @type {Element} */ (on).closest("a, button, input, select") || String(getSelection())) return;
    open(row);
  };

  draw();
  const refresh = keepFresh(load);
}

/** How many are met, at a glance. @param {Indicator[]} rows */
function summary(rows) {
  const counted = (/** @type {boolean | null} */ met) => rows.filter((row) => row.met === met).length;
  const [met, missed, open] = [counted(true), counted(false), counted(null)];
  return html`<div class="indicator-summary">
    <p data-tone="good"><strong>${met}</strong><span>${t("met")}</span></p>
    <p data-tone=${missed ? "bad" : "dim"}><strong>${missed}</strong><span>${t("not met")}</span></p>
    <p data-tone="dim"><strong>${open}</strong><span>${t("without figures")}</span></p>
  </div>`;
}

/** @param {{name: string, name_zh: string}} row */
const nameOf = ({ name, name_zh }) => (chinese ? name_zh : name.charAt(0).toUpperCase() + name.slice(1));

/** @param {Share} row */
const tone = ({ met, value: of }) => (met === false ? "bad" : met ? "good" : of === null ? "dim" : "note");

/** @param {Share & {unit: string}} row */
function value({ value: of, unit }) {
  if (of === null) return "—";
  return unit === "working_days" ? t("{days} days", { days: days.format(of) }) : fine(of);
}

/** A share with two decimals, cut and never rounded up: 98.996 % has not met 99 %. @param {number} of */
function fine(of) {
  const hundredths = Math.floor(of * 10_000 + 1e-9) / 100;
  return `${Number.isInteger(hundredths) ? hundredths : hundredths.toFixed(2)}%`;
}

/** @param {Share & {number?: number, unit: string, name?: string, limit?: boolean}} row */
function target({ number = 0, target: to, unit, limit }) {
  if (to === null) return "—";
  if (number === 7) return "—"; // each kind has its own
  if (unit === "working_days") return t("≤ {days} days", { days: to });
  if (number === 11) return t("≤ {count} a year", { count: to });
  if (AT_MOST.includes(number)) return String(to);
  return limit ? `< ${percent(to)}` : `≥ ${percent(to)}`;
}

/** @param {Indicator} row */
function fraction(row) {
  const [above, below] = madeOf()[row.number] ?? ["", ""];
  return html`<div><span class="fraction">${amount.format(row.numerator ?? 0)} / ${amount.format(row.denominator ?? 0)}</span>
    ${above ? html`<small class="made-of">${above} / ${below}</small>` : nothing}</div>`;
}

/** @param {Share & {reason?: string | null}} row */
function result({ met, reason }) {
  if (met === null) return html`<small class="hint">${reason ? notYet(reason) : "—"}</small>`;
  return chip(met ? [t("Met"), "good"] : [t("Not met"), "bad"]);
}

/** A line as long as the share, with a mark at the target. @param {Share & {unit: string}} row */
function bar({ value: of, target: to, unit, met }) {
  if (of === null || unit !== "share") return nothing;
  return html`<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" data-tone=${met === false ? "bad" : met ? "good" : "note"}>
    <rect class="ground" x="0" y="3" width="100" height="4"></rect><rect class="reach" x="0" y="3" width=${100 * Math.min(of, 1)} height="4"></rect>
    ${to === null ? nothing : svg`<rect class="goal" x=${Math.min(99, 100 * to)} y="0" width="1" height="10"></rect>`}
  </svg>`;
}

/** What an indicator is looked at in more detail by. @param {Indicator} row */
function details(row) {
  const names = partNames();
  /** @type {(Share & {name: string, unit: string, limit?: boolean})[]} */
  const found = row.parts.map((one) => ({
    ...one,
    name: chinese ? one.name_zh : (names[one.name] ?? one.name),
    unit: row.unit === "working_days" && one.name !== "within the limit" ? "working_days" : "share",
    limit: row.number === 4,
  }));
  if (row.within_30_seconds) found.unshift({ ...row.within_30_seconds, name: t("Within 30 seconds"), unit: "share" });
  return found.filter((one) => one.denominator);
}
