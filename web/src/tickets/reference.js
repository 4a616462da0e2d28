// What requests refer to, as administrators look after it: member units, the tree of categories, places.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { chip } from "../lists/chip.js";
import { kinds } from "./reference_kinds.js";
import { listed, ordered } from "./reference_data.js";

/** @typedef {import("./reference_kinds.js").Kind} Kind */
/** @typedef {import("./reference_kinds.js").Item} Item */

/** @param {HTMLElement} main */
export function startReference(main) {
  new ReferencePage(main);
}

class ReferencePage {
  #main;
  #kinds = kinds();
  /** @type {Kind} */
  #kind;
  /** @type {Record<string, Item[] | null>} what is listed of each kind */
  #items = {};
  /** @type {string | null} code of the row that is being changed; "" for a new one */
  #editing = null;
  #retired = false;
  #busy = false;
  #fault = "";
  #told = "";
  /** @type {Record<string, string>} */
  #faults = {};

  /** @param {HTMLElement} main */
  constructor(main) {
    this.#main = main;
    const asked = new URLSearchParams(location.search).get("view");
    this.#kind = this.#kinds.find(({ name }) => name === asked) ?? /** @type {Kind} */ (this.#kinds[0]);
    this.#draw();
    void this.#load();
  }

  async #load() {
    try {
      // The other kinds stand in the fields of this one.
      for (const { name, path } of this.#kinds) this.#items[name] = listed(await request("GET", path));
      this.#fault = "";
    } catch (error) {
      this.#refused(error);
    }
    this.#draw();
  }

  /** @param {unknown} error */
  #refused(error) {
    this.#fault = error instanceof ApiError ? error.message : String(error);
    this.#faults = error instanceof ApiError ? error.fields : {};
  }

  #draw = () => render(this.#view(), this.#main);

  /** What can be chosen now. @param {string} name */
  #active = (name) => (this.#items[name] ?? []).filter((item) => item.active !== false && !item.until);

  #view() {
    const general = this.#fault && Object.keys(this.#faults).every((name) => !this.#kind.fields.some((field) => field.name === name));
    return html`
      <header class="list-head"><h1>${t("Reference data")}</h1>
        <p class="list-state" role="status">${this.#told ? html`<span class="told-inline">${icon("met")} ${this.#told}</span>` : nothing}</p></header>
      <div class="views" role="tablist" aria-label=${t("Reference data")} @keydown=${this.#walk}>${this.#kinds.map(({ name, title }) => html`<button type="button" class="view" role="tab"
        data-view=${name} aria-selected=${String(name === this.#kind.name)} tabindex=${name === this.#kind.name ? "0" : "-1"}
        @click=${() => this.#choose(name)}>${title}<b>${this.#active(name).length}</b></button>`)}</div>
      <p class="hint reference-hint">${this.#kind.hint}</p>
      <div role="alert">${general ? html`<p class="notice" data-tone="bad">${icon("warn")}<span>${[...new Set([this.#fault, ...Object.values(this.#faults)])].join(" ")}</span>
        ${this.#items[this.#kind.name] ? nothing : html`<button class="link" type="button" @click=${() => this.#load()}>${t("Try again")}</button>`}</p>` : nothing}</div>
      <p class="buttons reference-deeds">
        <button class="button primary small" type="button" aria-expanded=${String(this.#editing === "")} @click=${() => this.#edit("")}>${this.#kind.add}</button>
        <label class="tick"><input type="checkbox" .checked=${this.#retired} @change=${this.#showRetired}><span>${t("Show what is no longer used")}</span></label></p>
      ${this.#editing === "" ? html`<section class="panel" aria-label=${this.#kind.add}>${this.#form({ code: "", name: "" })}</section>` : nothing}
      ${this.#table()}`;
  }

  #table() {
    const items = this.#items[this.#kind.name];
    if (!items) return this.#fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`;
    const shown = this.#shown(items);
    if (!shown.length) return html`<p class="empty">${icon("none")}${this.#kind.empty}</p>`;
    const columns = this.#kind.columns;
    return html`<div class="table-box" tabindex="0" role="region" aria-label=${this.#kind.title}><table>
      <thead><tr><th scope="col">${t("Its name")}</th><th scope="col">${t("Code")}</th>${columns.map(({ label }) => html`<th scope="col">${label}</th>`)}<th scope="col"><span class="sr-only">${t("What can be done")}</span></th></tr></thead>
      <tbody>${shown.map(({ item, depth, used }) => html`<tr data-used=${String(used)} data-code=${item.code}>
        <td data-label=${t("Its name")}><span class="node" data-depth=${Math.min(depth, 4)}>${item.name}</span>${used ? nothing : html` ${chip([t("No longer used"), "dim"])}`}</td>
        <td data-label=${t("Code")}><code>${item.code}</code></td>
        ${columns.map(({ label, cell }) => html`<td data-label=${label}>${cell(item, this.#items) || "—"}</td>`)}
        <td class="cell-actions"><button class="button quiet small" type="button" data-edit=${item.code} aria-expanded=${String(this.#editing === item.code)} @click=${() => this.#edit(item.code)}>${t("Change")}</button>
          <button class="button quiet small" type="button" ?disabled=${this.#busy} @click=${() => this.#send(item.code, { active: !used })}>${used ? t("Retire") : t("Use again")}</button></td></tr>
        ${this.#editing === item.code ? html`<tr class="detail"><td colspan=${columns.length + 3}>${this.#form(item)}</td></tr>` : nothing}`)}</tbody></table></div>`;
  }

  /** In the order of the tree, what is no longer used at the end. @param {Item[]} items */
  #shown(items) {
    const used = items.filter((item) => item.active !== false && !item.until);
    const codes = new Set(used.map(({ code }) => code));
    const depths = new Map();
    const first = (this.#kind.tree ? ordered(used) : used).map((item) => {
      const depth = item.parent && depths.has(item.parent) ? depths.get(item.parent) + 1 : 0;
      depths.set(item.code, depth);
      return { item: /** @type {Item} */ (item), depth, used: true };
    });
    if (!this.#retired) return first;
    // Of a retired category the newest version stands for all.
    const rest = [...new Map(items.filter(({ code }) => !codes.has(code)).reverse().map((item) => [item.code, item])).values()].reverse();
    return [...first, ...rest.map((item) => ({ item, depth: 0, used: false }))];
  }

  /** @param {Item} item */
  #form(item) {
    const fields = this.#kind.fields.filter(({ once }) => !once || !item.code);
    return html`<form class="reference-form" novalidate @submit=${(/** @type {SubmitEvent} */ event) => this.#submit(event, item)}
        @keydown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.#close()}>
      ${fields.map((field) => html`<div class="field" data-wide=${String(Boolean(field.wide))}>${field.input(item, { items: this.#items, invalid: Boolean(this.#faults[field.name]) })}
        <small class="fault">${this.#faults[field.name] ?? ""}</small></div>`)}
      <div class="buttons"><button class="button primary small" ?disabled=${this.#busy}>${item.code ? t("Save") : t("Add")}</button>
        <button class="button quiet small" type="button" @click=${() => this.#close()}>${t("Cancel")} <kbd>Esc</kbd></button></div></form>`;
  }

  /** @param {string} name */
  #choose(name) {
    this.#kind = this.#kinds.find((kind) => kind.name === name) ?? this.#kind;
    this.#editing = null;
    this.#faults = {};
    this.#fault = this.#told = "";
    history.replaceState(null, "", `?view=${name}`);
    this.#draw();
  }

  /** Tabs are walked with the arrows. @param {KeyboardEvent} event */
  #walk = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const at = this.#kinds.indexOf(this.#kind) + by;
    this.#choose(this.#kinds[(at + this.#kinds.length) % this.#kinds.length]?.name ?? "");
    this.#focus("[role=tab][aria-selected=true]");
  };

  /** @param {Event} event */
  #showRetired = (event) => {
    this.#retired = /** @type {HTMLInputElement} */ (event.target).checked;
    this.#draw();
  };

  /** @param {string} code */
  #edit(code) {
    if (this.#editing === code) {
      this.#close();
      return;
    }
    this.#editing = code;
    this.#faults = {};
    this.#fault = this.#told = "";
    this.#draw();
    this.#focus(".reference-form input");
  }

  #close() {
    const code = this.#editing;
    this.#editing = null;
    this.#faults = {};
    this.#fault = "";
    this.#draw();
    this.#focus(code ? `[data-edit="${CSS.escape(code)}"]` : ".reference-deeds .button");
  }

  /** @param {string} selector */
  #focus(selector) {
    const place = this.#main.querySelector(selector);
    if (place instanceof HTMLElement) place.focus();
  }

  /** @param {SubmitEvent} event @param {Item} item */
  #submit(event, item) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const fields = this.#kind.fields.filter(({ once }) => !once || !item.code);
    void this.#send(item.code, Object.fromEntries(fields.map((field) => [field.name, field.value(form)])));
  }

  /** @param {string} code "" for a new one @param {Record<string, unknown>} body */
  async #send(code, body) {
    if (this.#busy) return;
    this.#busy = true;
    this.#faults = {};
    this.#fault = this.#told = "";
    this.#draw();
    const base = this.#kind.path.split("?")[0];
    try {
      const after = await (code ? request("PATCH", `${base}/${encodeURIComponent(code)}`, body) : request("POST", `${base}`, body));
      this.#told = t("Saved: {name}", { name: after?.name ?? code });
      const edited = this.#editing !== null;
      await this.#load();
      this.#busy = false;
      if (edited) this.#close();
    } catch (error) {
      this.#refused(error);
    }
    this.#busy = false;
    this.#draw();
    this.#focus(".reference-form [aria-invalid=true]");
  }
}
