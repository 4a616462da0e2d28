// 派单建议: how far it can be trusted. How often a suggested unit was wrong, against the contract's limit; and which ones.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { percent, shortMoment } from "../core/format.js";
import { locale, t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { grouped } from "../tickets/number.js";

/** @typedef {{numerator: number, denominator: number, value: number | null, target: number, met: boolean | null}} Wrong */
/** @typedef {{tickets: number, right: number, accuracy: number | null, coverage: number | null, error: Wrong, least: number}} HeldOut */
/** @typedef {{code: string, name: string}} Unit */
/** @typedef {{number: string, title: string | null, at: string | null, suggested: Unit, right: Unit, probability: number | null}} Mistake */
/**
 * @typedef {{enabled: boolean, model: {trained_at: string, tickets: number, seconds: number, features: number, used: boolean} | null,
 *   held_out: {category: HeldOut, unit: HeldOut} | null, live: Wrong, live_category: Wrong, months: (Wrong & {month: string})[],
 *   confused: {suggested: Unit, right: Unit, count: number}[], wrong: Mistake[], held_out_wrong: Mistake[]}} Accuracy
 */

const amount = new Intl.NumberFormat(locale);
/** With it the limit of 2 % and what lies about it can be told apart. */
const fine = new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 2 });

/** @param {HTMLElement} main */
export function startDispatchHelp(main) {
  /** @type {Accuracy | null} */
  let seen = null;
  let fault = "";

  const draw = () => render(page(), main);
  const load = async () => {
    fault = "";
    try {
      seen = await request("GET", "/api/v1/suggestions/accuracy");
    } catch (error) {
      fault = error instanceof ApiError ? error.message : String(error);
    }
    draw();
  };

  const page = () => html`
    <header class="list-head"><h1>${t("Dispatch help")}</h1></header>
    ${fault
      ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}${fault} <button class="link" type="button" @click=${load}>${t("Try again")}</button></p>`
      : nothing}
    ${seen ? body(seen) : fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`}`;

  draw();
  void load();
}

/** @param {Accuracy} seen */
const body = (seen) => html`
  ${seen.enabled ? nothing : html`<p class="notice" data-tone="warn">${icon("warn")}${t("Dispatch help is switched off in the settings.")}</p>`}
  ${seen.model && !seen.model.used && seen.enabled
    ? html`<p class="notice" data-tone="warn" role="status">${icon("warn")}${t("The newest model is not in use yet; the one before it is.")}</p>` : nothing}
  ${seen.model
    ? html`<p class="hint help-model">${t("Learned on {when} from {count} closed requests in {seconds} s.", {
        when: shortMoment(seen.model.trained_at), count: amount.format(seen.model.tickets), seconds: seen.model.seconds })}</p>`
    : html`<p class="empty">${icon("none")}${t("Nothing has been learned yet. It is learned every night, once enough requests are closed.")}</p>`}
  <div class="help-figures">
    ${tile(t("Units suggested wrongly at the desk"), seen.live, t("of suggestions whose request a unit has closed"))}
    ${tile(t("Categories suggested wrongly at the desk"), seen.live_category, t("of suggestions whose request is closed"))}
    ${seen.held_out ? tile(t("Units, on requests set aside"), seen.held_out.unit.error, setAside(seen.held_out.unit)) : nothing}
    ${seen.held_out ? tile(t("Categories, on requests set aside"), seen.held_out.category.error, setAside(seen.held_out.category)) : nothing}
  </div>
  ${seen.months.length
    ? html`<section class="panel help-part"><h2>${t("Units by month")}</h2>${table(
        [t("Month"), t("Suggested"), t("Wrong"), t("Share"), t("Limit")],
        [...seen.months].reverse().map((one) => [one.month, amount.format(one.denominator), amount.format(one.numerator), share(one), `≤ ${percent(one.target)}`]),
      )}</section>`
    : nothing}
  ${seen.confused.length
    ? html`<section class="panel help-part"><h2>${t("Most often confused")}</h2>${table(
        [t("Suggested"), t("Right"), t("Requests")],
        seen.confused.map((one) => [one.suggested.name, one.right.name, amount.format(one.count)]),
      )}</section>`
    : nothing}
  ${mistakes(t("Wrong at the desk"), seen.wrong, seen.live.denominator ? t("None was wrong.") : "")}
  ${mistakes(t("Wrong on requests set aside"), seen.held_out_wrong, "")}`;

/** @param {HeldOut} held */
const setAside = (held) =>
  t("of the {share} on which it speaks; {count} requests, {right} guessed right in all", {
    share: held.coverage === null ? "—" : percent(held.coverage), count: amount.format(held.tickets), right: held.accuracy === null ? "—" : percent(held.accuracy),
  });

/** @param {Wrong} wrong */
const tone = (wrong) => (wrong.met === null ? "dim" : wrong.met ? "good" : "bad");

/** @param {Wrong} wrong */
const share = (wrong) => html`<b data-tone=${tone(wrong)}>${wrong.value === null ? "—" : fine.format(wrong.value)}</b>`;

/** @param {string} name @param {Wrong} wrong @param {string} of */
const tile = (name, wrong, of) => html`<section class="panel help-figure" data-tone=${tone(wrong)}>
  <h2>${name}</h2>
  <p><strong>${wrong.value === null ? "—" : fine.format(wrong.value)}</strong>
    <span>${wrong.met === null ? nothing : icon(wrong.met ? "met" : "warn")}${t("Limit")} ≤ ${percent(wrong.target)}</span></p>
  <p class="hint">${amount.format(wrong.numerator)} / ${amount.format(wrong.denominator)} · ${of}</p>
</section>`;

/** @param {string} name @param {Mistake[]} rows @param {string} none */
const mistakes = (name, rows, none) =>
  rows.length
    ? html`<section class="panel help-part"><h2>${name}</h2>${table(
        [t("Number"), t("Title"), t("Suggested"), t("Right"), t("Certainty")],
        rows.map((one) => [
          html`<a class="number" href=${`/tickets/${one.number}`}>${grouped(one.number)}</a>`,
          html`<span class="behind-title">${one.title ?? "—"}</span>`,
          one.suggested.name, one.right.name,
          one.probability === null ? "—" : percent(one.probability),
        ]),
      )}</section>`
    : none ? html`<section class="panel help-part"><h2>${name}</h2><p class="empty">${icon("met")}${none}</p></section>` : nothing;

/** @param {string[]} heads @param {unknown[][]} rows */
const table = (heads, rows) => html`<div class="table-box" tabindex="0" role="region" aria-label=${t("List")}><table>
  <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
  <tbody>${rows.map((row) => html`<tr>${row.map((cell, place) => html`<td data-label=${heads[place] ?? ""}>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`;
