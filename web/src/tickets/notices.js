// The bell of the frame: how much one has not read yet of deadlines, reminders and what others decided, and where it leads.
import { html, nothing, render } from "lit-html";
import { request } from "../core/api.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { minuteOf, readable } from "./number.js";
import { listed } from "./reference_data.js";
import { clockName, moveTone } from "./words.js";

/** @typedef {{id: number, kind: string, label?: string | null, audience: string, clock?: string | null, ticket: {number: string, title?: string | null, state: string},
 *   words?: string | null, about?: string | null, made_at: string, seen_at?: string | null}} Notice */

const LOOK_MS = 60_000;

export function startNotices() {
  const place = document.getElementById("notices");
  if (place) new Bell(place);
}

class Bell {
  #place;
  /** @type {Notice[]} */
  #notices = [];
  #open = false;
  #lost = false;

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#place = place;
    document.addEventListener("pointerdown", ({ target }) => {
      if (this.#open && !place.contains(/** @type {Node} */ (target))) this.#toggle(false);
    });
    place.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape" || !this.#open) return;
      this.#toggle(false);
      place.querySelector("button")?.focus();
    });
    setInterval(() => document.hidden || void this.#load(), LOOK_MS);
    this.#draw();
    void this.#load();
  }

  async #load() {
    try {
      this.#notices = listed(await request("GET", "/api/v1/notices?limit=100"));
      this.#lost = false;
    } catch {
      this.#lost = true;
    }
    this.#draw();
  }

  /** @param {boolean} open */
  #toggle(open) {
    this.#open = open;
    this.#draw();
    if (open) void this.#load();
  }

  /** @param {number[]} ids */
  async #see(ids) {
    if (!ids.length) return;
    const seen = new Date().toISOString();
    this.#notices = this.#notices.map((notice) => (ids.includes(notice.id) ? { ...notice, seen_at: seen } : notice));
    this.#draw();
    await request("POST", "/api/v1/notices/seen", { ids }).catch(() => null);
  }

  #draw() {
    const unseen = this.#notices.filter(({ seen_at: seen }) => !seen).map(({ id }) => id);
    const words = unseen.length ? t("Notices, {count} not read", { count: unseen.length }) : t("Notices");
    render(
      html`<button class="bell" type="button" aria-expanded=${String(this.#open)} aria-label=${words} title=${words} @click=${() => this.#toggle(!this.#open)}>
          ${icon("bell")}${unseen.length ? html`<b>${unseen.length > 99 ? "99+" : unseen.length}</b>` : nothing}</button>
        ${this.#open
          ? html`<div class="popover notices" role="dialog" aria-label=${t("Notices")}>
              <header><h2>${t("Notices")}</h2>${unseen.length ? html`<button class="link" type="button" @click=${() => this.#see(unseen)}>${t("All read")}</button>` : nothing}</header>
              ${this.#lost ? html`<p class="fault">${t("The server cannot be reached. Please try again.")}</p>` : nothing}
              ${this.#notices.length ? html`<ul>${this.#notices.map((notice) => this.#line(notice))}</ul>` : html`<p class="hint">${t("Nothing new.")}</p>`}
            </div>`
          : nothing}`,
      this.#place,
    );
  }

  /** @param {Notice} notice */
  #line(notice) {
    const [what, tone] = said(notice);
    return html`<li data-seen=${String(Boolean(notice.seen_at))} data-tone=${tone}>
      <a href="/tickets/${notice.ticket.number}" @click=${() => void this.#see(notice.seen_at ? [] : [notice.id])}>
        <span class="notice-what">${what}</span><time datetime=${notice.made_at}>${minuteOf(notice.made_at)}</time>
        <span class="notice-title">${notice.ticket.title ?? readable(notice.ticket.number)}</span>
        ${notice.words ? html`<small>${notice.words}</small>` : nothing}</a></li>`;
  }
}

/** @param {Notice} notice @returns {import("../core/words.js").Word} */
function said({ kind, label, clock, about }) {
  const term = clock ? clockName(clock)[0] : t("Whole term");
  const time = minuteOf(about);
  if (kind === "before") return [t("{term}: due {time}", { term, time }), "warn"];
  if (kind === "at") return [t("{term}: due now", { term }), "bad"];
  if (kind === "after") return [t("{term}: overdue since {time}", { term, time }), "bad"];
  if (kind === "calendar") return [t("The calendar lacks the year of the deadline"), "bad"];
  return [label ?? kind, moveTone(kind)];
}
