// What a list of requests asks for: a tab, or a kept list, and the filters on top of it, all in the page's address.
import { html, nothing } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { ticketKind, ticketState } from "../core/words.js";
import { categories, places, units } from "./reference_data.js";
import { source, urgency } from "./words.js";

/** @typedef {import("./work_list.js").Tab} Tab */
/** @typedef {[value: string, word: string][]} Options */

export const NAMES = ["q", "state", "kind", "unit", "category", "place", "urgency", "source", "agent", "caller", "since", "until", "due", "mine", "pending", "part", "sort"];

export class Filters {
  /** @type {Record<string, string>} filters on top of the tab */
  #own = {};
  #tab = "";
  /** Whether the less common filters are shown. */
  #wide = false;
  /** @type {Record<string, Options>} */
  #choices = {};

  /** @param {Tab[]} tabs @param {boolean} forUnit @param {(typing?: boolean) => void} changed */
  constructor(tabs, forUnit, changed) {
    this.tabs = tabs;
    this.forUnit = forUnit;
    this.changed = changed;
    this.read();
    // Units work on few requests, and have no use for the hotline's trees.
    /** @type {[name: string, load: () => Promise<import("./picker.js").Option[]>][]} */
    const kinds = [["unit", units], ["category", categories], ["place", places]];
    for (const [name, load] of forUnit ? [] : kinds) {
      load().then(
        (options) => {
          this.#choices[name] = options.map(({ code, name: word, hint }) => [code, hint ? `${hint} / ${word}` : word]);
          if (this.#wide) this.changed(true);
        },
        () => null,
      );
    }
  }

  get tab() {
    return this.#tab === "own" ? undefined : this.tabs.find(({ name }) => name === this.#tab) ?? this.tabs[0];
  }

  /** As the address says it. */
  read() {
    const given = new URLSearchParams(location.search);
    this.#tab = given.get("view") ?? "";
    this.#own = Object.fromEntries([...given].filter(([name, value]) => NAMES.includes(name) && value));
    this.#wide = Object.keys(this.#own).some((name) => !["q", "sort"].includes(name));
  }

  /** Into the address, so that the list can be come back to and passed on. */
  write() {
    const query = new URLSearchParams(this.#own);
    if (this.#tab && this.#tab !== this.tabs[0]?.name) query.set("view", this.#tab);
    const address = query.size ? `?${query}` : location.pathname;
    if (`?${query}` !== location.search) history.replaceState(null, "", address);
  }

  /** What the server is asked. */
  query() {
    return new URLSearchParams({ ...this.tab?.ask, ...this.#own });
  }

  /** What a kept list holds. @returns {Record<string, unknown>} */
  get all() {
    const { state, mine, pending, ...rest } = Object.fromEntries(this.query());
    return { ...rest, ...(state ? { state: state.split(",") } : {}), ...(mine ? { mine: true } : {}), ...(pending ? { pending: true } : {}) };
  }

  /** Show a kept list. @param {Record<string, unknown>} filters as `all` gave them */
  show(filters) {
    const known = Object.entries(filters).filter(([name, value]) => NAMES.includes(name) && value !== null && value !== false && String(value));
    this.#own = Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
    this.#tab = "own";
    this.changed();
  }

  /** @param {string} tab */
  choose(tab) {
    this.#tab = tab;
    // What was searched for stays; a filter that would fight with the tab does not.
    const { q } = this.#own;
    this.#own = q ? { q } : {};
    this.changed();
  }

  /** @param {string} name @param {string} value @param {boolean} [typing] */
  #set(name, value, typing) {
    if (value) this.#own[name] = value;
    else delete this.#own[name];
    this.changed(typing);
  }

  search() {
    return html`<label class="work-search"><span class="sr-only">${t("Search requests")}</span>${icon("search")}
      <input name="q" type="search" autocomplete="off" maxlength="200" placeholder=${t("Number, words, telephone, name")} .value=${live(this.#own["q"] ?? "")}
        @input=${(/** @type {Event} */ event) => this.#set("q", /** @type {HTMLInputElement} */ (event.target).value.trim(), true)}><kbd>/</kbd></label>
      <button class="button small quiet" type="button" aria-expanded=${String(this.#wide)} @click=${this.#widen}>${t("Filters")}${this.#count ? html` <b>${this.#count}</b>` : nothing}</button>`;
  }

  get #count() {
    return Object.keys(this.#own).filter((name) => name !== "q").length;
  }

  #widen = () => {
    this.#wide = !this.#wide;
    this.changed(true);
  };

  /** @param {unknown} more what stands at its end */
  row(more) {
    if (!this.#wide) return nothing;
    const words = (/** @type {[string, import("../core/words.js").Word][]} */ all) => /** @type {Options} */ (all.map(([value, [word]]) => [value, word]));
    const tab = this.tab?.ask ?? {};
    return html`<form class="filters panel work-filters" aria-label=${t("Filters")} @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
      ${tab["state"] || tab["pending"] ? nothing : this.#select("state", t("State"), words(ticketState.all()))}
      ${this.#select("kind", t("Kind"), words(ticketKind.all()))}
      ${this.forUnit ? nothing : this.#select("unit", t("Unit"), this.#choices["unit"] ?? [])}
      ${this.forUnit ? nothing : this.#select("category", t("Category"), this.#choices["category"] ?? [])}
      ${this.forUnit ? nothing : this.#select("place", t("Place"), this.#choices["place"] ?? [])}
      ${this.#select("urgency", t("Urgency"), words(urgency.all()))}
      ${this.forUnit ? nothing : this.#select("source", t("Came in"), words(source.all()))}
      ${tab["due"] ? nothing : this.#select("due", t("Due"), [["overdue", t("Overdue")], ["today", t("Today")], ["soon", t("Due soon")]])}
      ${this.#date("since", t("Opened from"))}${this.#date("until", t("Opened until"))}
      ${this.#select("sort", t("Order"), [["newest", t("Newest first")], ["due", t("By deadline")], ["relevance", t("Best answer first")]])}
      <div class="buttons">${this.#count ? html`<button class="button quiet small" type="button" @click=${() => this.choose(this.#tab === "own" ? "" : this.#tab)}>${t("Clear")}</button>` : nothing}${more}</div>
    </form>`;
  }

  /** @param {string} name @param {string} label @param {Options} options */
  #select = (name, label, options) => html`<label><span>${label}</span><select name=${name} .value=${live(this.#own[name] ?? "")} @change=${this.#chosen}>
    <option value="">${name === "sort" ? t("As usual") : t("All")}</option>
    ${options.map(([value, word]) => html`<option value=${value} ?selected=${this.#own[name] === value}>${word}</option>`)}</select></label>`;

  /** @param {string} name @param {string} label */
  #date = (name, label) => html`<label><span>${label}</span><input name=${name} type="date" .value=${live(this.#own[name] ?? "")} @change=${this.#chosen}></label>`;

  /** @param {Event} event */
  #chosen = (event) => {
    const { name, value } = /** @type {HTMLInputElement} */ (event.target);
    this.#set(name, value);
  };
}
