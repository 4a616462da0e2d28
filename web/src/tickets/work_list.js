// A list of requests that people work through all day: tabs, search, filters in the address, rows that the arrow keys walk.
import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { ApiError, request } from "../core/api.js";
import { serverNow } from "../core/clock.js";
import { clockTime } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { Filters } from "./filters.js";
import { row } from "./rows.js";
import { SavedLists } from "./saved_lists.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {{name: string, label: string, ask: Record<string, string>, counts?: boolean, urgent?: boolean}} Tab `counts` shows how many there are */
/** @typedef {{title: string, tabs: Tab[], saved: boolean, forUnit: boolean, empty: string, exports: boolean}} About */

const PAGE = 50;
const AGAIN_MS = 30_000;
const TYPING_MS = 350;

export class WorkList {
  /** @type {Row[] | null} */
  #rows = null;
  /** @type {string | null} where the next page begins */
  #next = null;
  #total = 0;
  #more = false;
  #fault = "";
  /** @type {Record<string, string>} */
  #faults = {};
  #loadedAt = 0;
  #asked = 0;
  #loadingMore = false;
  #typing = 0;
  /** @type {Record<string, string>} tab -> how many */
  #counts = {};
  #main;
  #filters;
  /** @type {SavedLists | null} */
  #saved;

  /** @param {HTMLElement} main @param {About} about */
  constructor(main, about) {
    this.#main = main;
    this.about = about;
    this.#filters = new Filters(about.tabs, about.forUnit, this.#chosen);
    this.#saved = about.saved ? new SavedLists({ draw: this.#draw, chosen: this.#filters, changed: this.#chosen }) : null;
    document.addEventListener("keydown", this.#key);
    addEventListener("popstate", () => {
      this.#filters.read();
      void this.#load();
    });
    const again = () => document.hidden || void Promise.all([this.#rows && this.#rows.length <= PAGE ? this.#load() : null, this.#count()]);
    setInterval(again, AGAIN_MS);
    document.addEventListener("visibilitychange", again);
    this.#draw();
    void this.#load();
    void this.#count();
    void this.#saved?.load();
  }

  /** Other rows are wanted. @param {boolean} [typing] more letters may follow */
  #chosen = (typing = false) => {
    clearTimeout(this.#typing);
    this.#draw();
    if (typing) this.#typing = window.setTimeout(() => void this.#load(), TYPING_MS);
    else void this.#load();
  };

  async #load() {
    const asked = (this.#asked += 1);
    this.#filters.write();
    try {
      const page = await request("GET", `/api/v1/tickets/search?${this.#query()}`);
      // An answer that was overtaken by a newer question is none.
      if (asked !== this.#asked) return;
      this.#rows = page?.rows ?? [];
      this.#next = page?.next ?? null;
      this.#total = page?.total ?? this.#rows?.length ?? 0;
      this.#more = Boolean(page?.more);
      this.#fault = "";
      this.#faults = {};
      this.#loadedAt = serverNow();
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#refused(error);
    }
    this.#draw();
  }

  /** @param {string} [after] */
  #query(after) {
    const query = this.#filters.query();
    query.set("limit", String(PAGE));
    if (after) query.set("after", after);
    return query;
  }

  /** The next page goes below. */
  #further = async () => {
    if (!this.#next || this.#loadingMore) return;
    this.#loadingMore = true;
    const asked = this.#asked;
    const first = this.#rows?.length ?? 0;
    try {
      const page = await request("GET", `/api/v1/tickets/search?${this.#query(this.#next)}`);
      if (asked === this.#asked) {
        const known = new Set(this.#rows?.map(({ number }) => number));
        this.#rows = [...(this.#rows ?? []), ...page.rows.filter((/** @type {Row} */ { number }) => !known.has(number))];
        this.#next = page.next ?? null;
      }
    } catch (error) {
      this.#refused(error);
    }
    this.#loadingMore = false;
    this.#draw();
    this.#links()[first]?.focus();
  };

  /** @param {unknown} error */
  #refused(error) {
    this.#fault = error instanceof ApiError ? error.message : String(error);
    this.#faults = error instanceof ApiError ? error.fields : {};
  }

  /** How many each tab holds; asked one after the other, as nobody waits for it. */
  async #count() {
    for (const { name, ask, counts } of this.about.tabs) {
      if (!counts) continue;
      const page = await request("GET", `/api/v1/tickets/search?${new URLSearchParams({ ...ask, limit: "1" })}`).catch(() => null);
      if (typeof page?.total === "number") this.#counts[name] = page.more ? `${page.total}+` : String(page.total);
      else delete this.#counts[name];
    }
    this.#draw();
  }

  #draw = () => render(this.#view(), this.#main);

  #view() {
    const { title, tabs, exports } = this.about;
    const faults = Object.values(this.#faults).join(" ");
    return html`
      <header class="list-head work-head">
        <h1>${title}</h1>
        ${this.#filters.search()}
        <p class="list-state" role="status">${this.#loadedAt
          ? html`<span>${t("{count} requests", { count: this.#more ? `${this.#total}+` : this.#total })}</span><span>${t("as of {time}", { time: clockTime(this.#loadedAt) })}</span>`
          : nothing}</p>
        ${exports ? html`<a class="button small quiet" href="/api/v1/tickets/export?${this.#filters.query()}" download>${icon("fetch")}${t("Excel")}</a>` : nothing}
      </header>
      <div class="views" role="group" aria-label=${t("Show")}>
        ${tabs.map(({ name, label, urgent }) => html`<button type="button" class="view" data-view=${name} data-urgent=${String(Boolean(urgent))}
          aria-pressed=${String(this.#filters.tab?.name === name)} @click=${() => this.#filters.choose(name)}>${label}${
            this.#counts[name] && this.#counts[name] !== "0" ? html`<b>${this.#counts[name]}</b>` : nothing}</button>`)}
        ${this.#saved?.tabs() ?? nothing}
      </div>
      ${this.#filters.row(this.#saved?.keep() ?? nothing)}
      ${this.#fault
        ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}<span>${this.#fault} ${faults}</span>
            <button class="link" type="button" @click=${() => this.#load()}>${t("Try again")}</button></p>`
        : nothing}
      ${this.#table()}
    `;
  }

  #table() {
    const rows = this.#rows;
    if (rows === null) return this.#fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`;
    if (!rows.length) return html`<p class="empty">${icon("none")}${this.about.empty}</p>`;
    const now = serverNow();
    return html`<ol class="work" aria-label=${this.about.title} @keydown=${this.#walk}>
        ${repeat(rows, ({ number }) => number, (one) => row(one, now, this.about.forUnit))}</ol>
      ${this.#next ? html`<p class="more"><button class="button" type="button" ?disabled=${this.#loadingMore} @click=${this.#further}>${t("Show more")}</button></p>` : nothing}`;
  }

  #links = () => /** @type {HTMLElement[]} */ ([...this.#main.querySelectorAll(".work-link")]);

  /** Up and down walk the rows; Enter opens one as any link. @param {KeyboardEvent} event */
  #walk = (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = this.#links();
    const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = event.key === "Home" ? 0 : event.key === "End" ? links.length - 1 : by ? at + by : -1;
    if (at < 0 || to < 0 || (!by && event.key !== "Home" && event.key !== "End")) return;
    event.preventDefault();
    links[Math.min(to, links.length - 1)]?.focus();
  };

  /** "/" leads to the search, the arrow down from anywhere to the rows. @param {KeyboardEvent} event */
  #key = (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const search = this.#main.querySelector("input[name=q]");
    if (event.key === "ArrowDown" && (target === document.body || target === search || target.closest(".views"))) {
      event.preventDefault();
      this.#links()[0]?.focus();
    } else if (event.key === "/" && search instanceof HTMLInputElement && !target.closest("input, textarea, select")) {
      event.preventDefault();
      search.select();
    }
  };
}
