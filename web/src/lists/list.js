// A listing of the API as a table: filters in the address, fresh by itself, and honest about loading, emptiness and errors.
import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { live as liveValue } from "lit-html/directives/live.js";
import { ApiError, request } from "../core/api.js";
import { serverNow } from "../core/clock.js";
import { clockTime } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { keepFresh } from "../core/refresh.js";

const PAGE = 100;

/**
 * @template Row
 * @typedef {{name: string, cell: (row: Row, now: number) => unknown, kind?: "number" | "time"}} Column
 */
/** @typedef {{name: string, label: string, options?: [value: string, word: string][], type?: string}} Filter */
/**
 * @template Row
 * @typedef {{title: string, url: string, empty: string, filters: Filter[], columns: Column<Row>[], key: (row: Row) => string | number,
 *   attention?: (row: Row, now: number) => boolean, ticks?: boolean}} Listing
 */

/**
 * @template Row
 * @param {HTMLElement} main
 * @param {Listing<Row>} listing
 */
export function startList(main, listing) {
  /** @type {Row[] | null} */
  let rows = null;
  let fault = "";
  let loadedAt = 0;
  let limit = PAGE;
  const chosen = new URLSearchParams(location.search);
  for (const name of [...chosen.keys()]) {
    if (!listing.filters.some((filter) => filter.name === name)) chosen.delete(name);
  }

  const load = async () => {
    const query = new URLSearchParams([...chosen].filter(([, value]) => value));
    query.set("limit", String(limit));
    const asked = query.toString();
    try {
      const answer = await request("GET", `${listing.url}?${asked}`);
      rows = Array.isArray(answer) ? answer : [];
      fault = "";
      loadedAt = serverNow();
    } catch (error) {
      fault = error instanceof ApiError ? error.message : String(error);
    }
    draw();
  };

  /** @param {string} name @param {string} value */
  const choose = (name, value) => {
    if (value) chosen.set(name, value);
    else chosen.delete(name);
    limit = PAGE;
    rows = null;
    history.replaceState(null, "", chosen.size ? `?${chosen}` : location.pathname);
    draw();
    refresh();
  };

  const draw = () => render(view(), main);

  const view = () => html`
    <header class="list-head">
      <h1>${listing.title}</h1>
      <form class="filters" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
        ${listing.filters.map((filter) => field(filter))}
        ${chosen.size ? html`<button class="button quiet small" type="button" @click=${clear}>${t("Clear")}</button>` : nothing}
      </form>
      <p class="list-state" role="status">
        ${loadedAt ? html`<span>${t("{count} rows", { count: rows?.length ?? 0 })}</span><span>${t("as of {time}", { time: clockTime(loadedAt) })}</span>` : nothing}
      </p>
    </header>
    ${fault
      ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}${fault}
          <button class="link" type="button" @click=${() => refresh()}>${t("Try again")}</button></p>`
      : nothing}
    ${rows === null
      ? fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`
      : rows.length ? table(rows) : html`<p class="empty">${icon("none")}${listing.empty}</p>`}
    ${rows && rows.length >= limit
      ? html`<p class="more"><button class="button" type="button" @click=${more}>${t("Show more")}</button></p>`
      : nothing}
  `;

  /** @param {Row[]} shown */
  const table = (shown) => html`
    <div class="table-box" tabindex="0" role="region" aria-label=${listing.title}>
      <table>
        <thead><tr>${listing.columns.map((column) => html`<th scope="col" data-kind=${column.kind ?? nothing}>${column.name}</th>`)}</tr></thead>
        <tbody>
          ${repeat(shown, listing.key, (row) => html`<tr ?data-attention=${listing.attention?.(row, serverNow())}>
            ${listing.columns.map((column) => cell(column, row))}
          </tr>`)}
        </tbody>
      </table>
    </div>
  `;

  /** @param {Column<Row>} column @param {Row} row */
  const cell = (column, row) => {
    const content = column.cell(row, serverNow());
    return html`<td data-label=${column.name} data-kind=${column.kind ?? nothing} ?data-empty=${content === "—"}>${content}</td>`;
  };

  /** @param {Filter} filter */
  const field = ({ name, label, options, type }) => html`<label><span>${label}</span>${options
      ? html`<select name=${name} .value=${liveValue(chosen.get(name) ?? "")} @change=${changed}>
          <option value="">${t("All")}</option>
          ${options.map(([value, word]) => html`<option value=${value} ?selected=${chosen.get(name) === value}>${word}</option>`)}
        </select>`
      : html`<input name=${name} type=${type ?? "search"} .value=${liveValue(chosen.get(name) ?? "")} @change=${changed} autocomplete="off">`}
  </label>`;

  const changed = (/** @type {Event} */ event) => {
    const { name, value } = /** @type {HTMLInputElement} */ (event.target);
    choose(name, value.trim());
  };
  const clear = () => {
    for (const name of [...chosen.keys()]) chosen.delete(name);
    choose("", "");
  };
  const more = () => {
    limit = Math.min(1000, limit * 2);
    refresh();
  };

  draw();
  const refresh = keepFresh(load);
  if (listing.ticks) setInterval(draw, 1000);
}
