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
/** What the server gives at most. */
const MOST = 1000;

/**
 * @template Row
 * @typedef {{name: string, cell: (row: Row, now: number) => unknown, kind?: "number" | "time"}} Column
 */
/** @typedef {{name: string, label: string, options?: [value: string, word: string][], type?: string}} Filter */
/**
 * @template Row
 * @typedef {{title: string, url: string, empty: string, filters: Filter[], columns: Column<Row>[], key: (row: Row) => string | number,
 *   attention?: (row: Row, now: number) => boolean, ticks?: boolean, views?: View<Row>[], top?: () => unknown,
 *   detail?: Detail<Row>, also?: () => Promise<void>,
 *   seen?: (rows: Row[]) => void}} Listing
 *   `top` stands above the table, `detail` below a row that was opened; `also` is loaded with the rows,
 *   which `seen` is told of
 */
/**
 * A choice of rows: what to ask the server, and what to keep of its answer; a `whole` one asks for all that the server
 * gives at once. The first view is shown unless another is chosen.
 * @template Row
 * @typedef {{name: string, label: string, ask?: Record<string, string>, whole?: boolean, keep?: (row: Row, now: number) => boolean, count?: () => number | undefined}} View
 */
/**
 * @template Row
 * @typedef {{opened: (row: Row) => void, show: (row: Row, page: {draw: () => void, refresh: () => void}) => unknown, label: (row: Row) => string}} Detail
 */

/**
 * @template Row
 * @param {HTMLElement} main
 * @param {Listing<Row>} listing
 * @returns {{draw: () => void, refresh: () => void}} the page, for what stands above the table
 */
export function startList(main, listing) {
  /** @type {Row[] | null} */
  let rows = null;
  let fault = "";
  let loadedAt = 0;
  let limit = PAGE;
  const chosen = new URLSearchParams(location.search);
  for (const name of [...chosen.keys()]) {
    if (name !== "view" && !listing.filters.some((filter) => filter.name === name)) chosen.delete(name);
  }
  const views = listing.views ?? [];
  const view = () => views.find(({ name }) => name === chosen.get("view")) ?? views[0];
  /** @type {string | number | null} the row whose details are open */
  let opened = null;

  const load = async () => {
    const query = new URLSearchParams([...chosen].filter(([name, value]) => value && name !== "view"));
    for (const [name, value] of Object.entries(view()?.ask ?? {})) query.set(name, value);
    query.set("limit", String(view()?.whole ? MOST : limit));
    const asked = query.toString();
    try {
      const [answer] = await Promise.all([request("GET", `${listing.url}?${asked}`), listing.also?.()]);
      rows = Array.isArray(answer) ? answer : [];
      fault = "";
      loadedAt = serverNow();
      if (rows) listing.seen?.(rows);
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

  const draw = () => render(page(), main);
  /** The rows of the chosen view. */
  const shown = () => rows?.filter((row) => view()?.keep?.(row, serverNow()) ?? true) ?? null;

  const page = () => html`
    <header class="list-head">
      <h1>${listing.title}</h1>
      <form class="filters" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
        ${listing.filters.map((filter) => field(filter))}
        ${listing.filters.some(({ name }) => chosen.has(name)) ? html`<button class="button quiet small" type="button" @click=${clear}>${t("Clear")}</button>` : nothing}
      </form>
      <p class="list-state" role="status">
        ${loadedAt ? html`<span>${t("{count} rows", { count: shown()?.length ?? 0 })}</span><span>${t("as of {time}", { time: clockTime(loadedAt) })}</span>` : nothing}
      </p>
    </header>
    ${listing.top?.() ?? nothing}
    ${views.length
      ? html`<div class="views" role="group" aria-label=${t("Show")}>${views.map(
          ({ name, label, count }) => html`<button type="button" class="view" aria-pressed=${String(view()?.name === name)} data-view=${name}
            @click=${() => choose("view", name === views[0]?.name ? "" : name)}>${label}${count?.() ? html`<b>${count()}</b>` : nothing}</button>`)}</div>`
      : nothing}
    ${fault
      ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}${fault}
          <button class="link" type="button" @click=${() => refresh()}>${t("Try again")}</button></p>`
      : nothing}
    ${rows === null
      ? fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`
      : shown()?.length ? table(shown() ?? []) : html`<p class="empty">${icon("none")}${listing.empty}</p>`}
    ${rows && !view()?.whole && rows.length >= limit
      ? html`<p class="more"><button class="button" type="button" @click=${more}>${t("Show more")}</button></p>`
      : nothing}
  `;

  /** @param {Row[]} some */
  const table = (some) => html`
    <div class="table-box" tabindex="0" role="region" aria-label=${listing.title}>
      <table>
        <thead><tr>${listing.detail ? html`<th scope="col"><span class="sr-only">${t("Details")}</span></th>` : nothing}${listing.columns.map((column) => html`<th scope="col" data-kind=${column.kind ?? nothing}>${column.name}</th>`)}</tr></thead>
        <tbody>
          ${repeat(some, listing.key, (row) => html`<tr ?data-attention=${listing.attention?.(row, serverNow())}
              ?data-opens=${Boolean(listing.detail)} @click=${listing.detail ? (/** @type {Event} */ event) => clicked(event, row) : nothing}>
            ${listing.detail ? opener(listing.detail, row) : nothing}${listing.columns.map((column) => cell(column, row))}
          </tr>
          ${listing.detail && opened === listing.key(row)
            ? html`<tr class="detail"><td colspan=${listing.columns.length + 1}>${listing.detail.show(row, { draw, refresh: () => refresh() })}</td></tr>`
            : nothing}`)}
        </tbody>
      </table>
    </div>
  `;

  /** @param {Detail<Row>} detail @param {Row} row */
  const opener = (detail, row) => html`<td class="opener"><button type="button" class="open" aria-expanded=${String(opened === listing.key(row))}
    aria-label=${detail.label(row)} @click=${() => open(row)}>${icon("open")}</button></td>`;

  /** @param {Row} row */
  const open = (row) => {
    opened = opened === listing.key(row) ? null : listing.key(row);
    if (opened !== null) listing.detail?.opened(row);
    draw();
  };
  /** A click on a row opens it, unless it was meant for something in it, or marks text. @param {Event} event @param {Row} row */
  const clicked = ({ target }, row) => {
    if (/** @type {Element} */ (target).closest("a, button, input, select") || String(getSelection())) return;
    open(row);
  };

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
    for (const { name } of listing.filters) chosen.delete(name);
    choose("", "");
  };
  const more = () => {
    limit = Math.min(MOST, limit * 2);
    refresh();
  };

  draw();
  const refresh = keepFresh(load);
  if (listing.ticks) setInterval(draw, 1000);
  return { draw, refresh };
}
