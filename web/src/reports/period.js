// Which days a report is about: the usual ones by name, any others by their first and last day; kept in the address.
import { html } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { serverNow } from "../core/clock.js";
import { dayOf } from "../core/format.js";
import { t } from "../core/i18n.js";

/** @typedef {{name: string, label: string, since: string, until: string}} Period */

/** The usual periods, as days of the hotline's zone. @returns {Period[]} */
export function usual() {
  const today = dayOf(serverNow());
  const [year, month] = [Number(today.slice(0, 4)), Number(today.slice(5, 7))];
  /** @param {number} y @param {number} m from 1; the day before its first */
  const before = (y, m) => new Date(Date.UTC(y, m - 1, 0)).toISOString().slice(0, 10);
  const lastMonth = before(year, month);
  return [
    { name: "today", label: t("Today"), since: today, until: today },
    { name: "month", label: t("This month"), since: `${today.slice(0, 8)}01`, until: today },
    { name: "last-month", label: t("Last month"), since: `${lastMonth.slice(0, 8)}01`, until: lastMonth },
    { name: "year", label: t("This year"), since: `${year}-01-01`, until: today },
    { name: "last-year", label: t("Last year"), since: `${year - 1}-01-01`, until: `${year - 1}-12-31` },
  ];
}

/** @param {Period[]} all */
const thisMonth = (all) => /** @type {Period} */ (all.find(({ name }) => name === "month"));

/** What the address asks for; this month when it asks for nothing. @returns {Period} */
export function chosen() {
  const asked = new URLSearchParams(location.search);
  const [since, until] = [asked.get("since") ?? "", asked.get("until") ?? ""];
  const all = usual();
  const same = all.find((one) => one.name === asked.get("period"));
  if (same) return same;
  return since && until ? { name: "", label: "", since, until } : thisMonth(all);
}

/** @param {Period} period */
export function remember(period) {
  const query = new URLSearchParams(period.name ? { period: period.name } : { since: period.since, until: period.until });
  history.replaceState(null, "", `?${query}`);
}

/**
 * @param {Period} period
 * @param {(period: Period) => void} choose
 */
export function picker(period, choose) {
  /** @param {"since" | "until"} end */
  const day = (end) => (/** @type {Event} */ event) => {
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    if (!value) return;
    const next = { name: "", label: "", since: period.since, until: period.until, [end]: value };
    if (next.since > next.until) next[end === "since" ? "until" : "since"] = value;
    choose(next);
  };
  return html`<div class="period">
    <div class="views" role="group" aria-label=${t("Period")}>
      ${usual().map((one) => html`<button type="button" class="view" aria-pressed=${String(one.name === period.name)} data-period=${one.name}
        @click=${() => choose(one)}>${one.label}</button>`)}
    </div>
    <label><span>${t("From")}</span><input type="date" name="since" .value=${live(period.since)} @change=${day("since")}></label>
    <label><span>${t("To")}</span><input type="date" name="until" .value=${live(period.until)} @change=${day("until")}></label>
  </div>`;
}
