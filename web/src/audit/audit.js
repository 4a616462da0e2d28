// 审计日志: who did what, when, from where, newest first; asked for by who, deed, thing and days, which stand in the address.
import { html, nothing, render } from "lit-html";
import { live as liveValue } from "lit-html/directives/live.js";
import { repeat } from "lit-html/directives/repeat.js";
import { ApiError, request } from "../core/api.js";
import { clockTime, dayOf } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { Chain } from "./chain.js";
import { details, thing } from "./words.js";

const URL_ = "/api/v1/audit";
const PAGE = 50;
const ASKED = ["who", "action", "target", "since", "until"];

/** @typedef {{number: number, at: string, who: string, name: string | null, action: string, words: string, target: string, address: string, node: string, detail: Record<string, any>}} Row */
/** @typedef {{kind: string, action: string, words: string}} Deed */

/** @param {HTMLElement} main */
export function startAudit(main) {
  /** @type {Row[] | null} */
  let rows = null;
  /** @type {number | null} */
  let next = null;
  /** @type {Deed[]} */
  let deeds = [];
  let fault = "";
  /** @type {Record<string, string>} */
  let faults = {};
  let loading = false;
  let turn = 0;
  let opened = 0;
  const asked = new URLSearchParams(location.search);
  for (const name of [...asked.keys()]) if (!ASKED.includes(name)) asked.delete(name);

  const draw = () => render(page(), main);
  const chain = new Chain(draw);

  /** @param {unknown} error */
  const refused = (error) => {
    fault = error instanceof ApiError ? error.message : String(error);
    faults = error instanceof ApiError ? error.fields : {};
  };

  /** Each question is a deed in the trail, so nothing is asked by itself. @param {boolean} further the next page, below */
  const load = async (further = false) => {
    const mine = ++turn;
    const query = new URLSearchParams(asked);
    query.set("limit", String(PAGE));
    if (further && next) query.set("before", String(next));
    loading = true;
    draw();
    const first = further ? (rows?.length ?? 0) : 0;
    try {
      const answer = await request("GET", `${URL_}?${query}`);
      // An answer that was overtaken by a newer question is none.
      if (mine !== turn) return;
      rows = further ? [...(rows ?? []), ...answer.rows] : answer.rows;
      next = answer.next;
      fault = "";
      faults = {};
    } catch (error) {
      if (mine !== turn) return;
      refused(error);
    }
    loading = false;
    draw();
    if (first) /** @type {HTMLElement | undefined} */ (main.querySelectorAll(".open")[first])?.focus();
  };

  /** @param {string} name @param {string} value */
  const choose = (name, value) => {
    if ((asked.get(name) ?? "") === value) return;
    if (value) asked.set(name, value);
    else asked.delete(name);
    again();
  };
  const clear = () => {
    for (const name of ASKED) asked.delete(name);
    again();
  };
  const again = () => {
    history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
    opened = 0;
    void load();
  };
  const changed = (/** @type {Event} */ event) => {
    const { name, value } = /** @type {HTMLInputElement} */ (event.target);
    choose(name, value.trim());
  };

  const page = () => html`
    <header class="list-head">
      <h1>${t("Audit trail")}</h1>
      <form class="filters" @submit=${(/** @type {Event} */ event) => event.preventDefault()} @change=${changed}>
        ${input("who", t("Who"), "search")}
        <label><span>${t("Deed")}</span><select name="action" .value=${liveValue(asked.get("action") ?? "")}>
          <option value="">${t("All")}</option>
          ${[...new Set(deeds.map(({ kind }) => kind))].map((kind) => html`<optgroup label=${kind}>${deeds.filter((deed) => deed.kind === kind).map(
            ({ action, words }) => html`<option value=${action} ?selected=${asked.get("action") === action}>${words}</option>`)}</optgroup>`)}
        </select></label>
        ${input("target", t("Thing"), "search")}
        ${input("since", t("From"), "date")}
        ${input("until", t("To"), "date")}
        ${asked.size ? html`<button class="button quiet small" type="button" @click=${clear}>${t("Clear")}</button>` : nothing}
      </form>
      <p class="list-state">
        <button class="button small quiet" type="button" ?disabled=${loading} @click=${() => load()}>${t("Read again")}</button>
        <a class="button small quiet" href=${`${URL_}/export?${asked}`} download>${icon("fetch")}${t("Excel")}</a>
      </p>
    </header>
    ${chain.view()}
    ${fault
      ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}<span>${fault} ${Object.values(faults).join(" ")}</span>
          <button class="link" type="button" @click=${() => load()}>${t("Try again")}</button></p>`
      : nothing}
    ${rows === null
      ? fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`
      : rows.length ? table(rows) : html`<p class="empty">${icon("none")}${t("Nothing in the trail is like this.")}</p>`}
    ${next ? html`<p class="more"><button class="button" type="button" ?disabled=${loading} @click=${() => load(true)}>${t("Show more")}</button></p>` : nothing}`;

  /** @param {string} name @param {string} label @param {string} type */
  const input = (name, label, type) => html`<label><span>${label}</span><input name=${name} type=${type} maxlength="100" autocomplete="off"
    .value=${liveValue(asked.get(name) ?? "")} aria-invalid=${faults[name] ? "true" : nothing}></label>`;

  /** @param {Row[]} some */
  const table = (some) => html`<div class="table-box audit" tabindex="0" role="region" aria-label=${t("Audit trail")} @keydown=${walk}><table>
      <thead><tr><th scope="col"><span class="sr-only">${t("Details")}</span></th>${[t("Time"), t("Who"), t("Deed"), t("Thing"), t("From where")].map(
        (name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${repeat(some, ({ number }) => number, line)}</tbody>
    </table></div>`;

  /** @param {Row} row */
  const line = (row) => html`<tr data-opens @click=${(/** @type {Event} */ event) => clicked(event, row)}>
      <td class="opener"><button type="button" class="open" aria-expanded=${String(opened === row.number)}
        aria-label=${t("Details of entry {number}", { number: row.number })} @click=${() => toggle(row)}>${icon("open")}</button></td>
      <td data-label=${t("Time")} class="audit-time"><span>${dayOf(row.at)} <b>${clockTime(row.at)}</b></span></td>
      <td data-label=${t("Who")}>${who(row)}</td>
      <td data-label=${t("Deed")} class="audit-deed">${row.words}</td>
      <td data-label=${t("Thing")} ?data-empty=${!row.target}>${target(row)}</td>
      <td data-label=${t("From where")} class="audit-from">${row.address || t("This machine")}</td>
    </tr>
    ${opened === row.number
      ? html`<tr class="detail"><td colspan="6"><dl class="audit-detail">
          ${details(row).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
          <div><dt>${t("Entry")}</dt><dd>${row.number} · ${row.node}</dd></div>
        </dl></td></tr>`
      : nothing}`;

  /** @param {Row} row */
  const who = (row) => row.name
    ? html`<span>${row.name} <small>${row.who}</small></span>`
    : row.who === "cli" ? t("Command line") : row.who || t("The hotline itself");

  /** @param {Row} row */
  const target = (row) => {
    const { words, href } = thing(row);
    return href ? html`<a href=${href}>${words}</a>` : words || "—";
  };

  /** @param {Row} row */
  const toggle = (row) => {
    opened = opened === row.number ? 0 : row.number;
    draw();
  };
  /** A click on a row opens it, unless it was meant for something in it, or marks text. @param {Event} event @param {Row} row */
  const clicked = ({ target: hit }, row) => {
    if (!/** @type {Element} */ (hit).closest("a, button") && !String(getSelection())) toggle(row);
  };

  /** Up and down walk the rows. @param {KeyboardEvent} event */
  const walk = (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = /** @type {HTMLElement[]} */ ([...main.querySelectorAll(".open")]);
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (!by || at < 0) return;
    event.preventDefault();
    all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
  };
  document.addEventListener("keydown", (event) => {
    const typing = /** @type {Element} */ (event.target).closest?.("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    /** @type {HTMLInputElement | null} */ (main.querySelector("input[name=target]"))?.select();
  });

  draw();
  void load();
  void chain.look();
  request("GET", `${URL_}/deeds`).then((found) => {
    deeds = found;
    draw();
  }, () => null); // the choice of deeds stays empty; the list has said why
}
