// One request: what was asked, how far it is, what may be done now, and everything that has happened.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { serverNow } from "../core/clock.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { begun, fetchDrafts } from "./drafts.js";
import { asked, handling, head } from "./facts.js";
import { digits, readable } from "./number.js";
import { Step } from "./step.js";
import { timeline, whoOf } from "./timeline.js";
import { GRAVE, LEADING, inOrder } from "./words.js";

/** @typedef {import("./types.js").Ticket} Ticket */
/** @typedef {import("./types.js").Move} Move */

/** How often an open page looks whether something has happened. */
const LOOK_MS = 30_000;

/** @param {HTMLElement} main */
export function startTicket(main) {
  new TicketPage(main, digits(decodeURIComponent(location.pathname.split("/")[2] ?? "")));
}

class TicketPage {
  #main;
  #number;
  /** @type {Ticket | null} */
  #ticket = null;
  #fault = "";
  #gone = false;
  #told = "";
  /** @type {Step | null} the step whose form is open */
  #step = null;
  #all = false;
  /** Entries up to this id have been read. */
  #seen = Infinity;
  /** @type {string[]} steps with words that were not sent */
  #begun = [];

  /** @param {HTMLElement} main @param {string} number */
  constructor(main, number) {
    this.#main = main;
    this.#number = number;
    document.addEventListener("keydown", this.#key);
    setInterval(() => document.hidden || void this.#look(), LOOK_MS);
    document.addEventListener("visibilitychange", () => document.hidden || void this.#look());
    this.#draw();
    void fetchDrafts(number).then(() => this.#load());
  }

  async #load() {
    try {
      this.#show(await request("GET", `/api/v1/tickets/${encodeURIComponent(this.#number)}`));
      this.#fault = "";
    } catch (error) {
      this.#gone = error instanceof ApiError && error.status === 404;
      this.#fault = error instanceof ApiError ? error.message : String(error);
    }
    this.#draw();
  }

  /** @param {Ticket} ticket */
  #show(ticket) {
    if (this.#seen === Infinity) this.#seen = lastOf(ticket);
    this.#ticket = ticket;
    document.title = document.title.replace(/^[^·]*·/, `${readable(ticket.number)} ·`);
    this.#begun = begun(ticket.number, (ticket.moves ?? []).map(({ name }) => name));
    this.#step?.renew(ticket, ticket.moves?.find(({ name }) => name === this.#step?.move.name));
  }

  /** Another may have moved it: whoever reads is told, whoever writes keeps what is written. */
  async #look() {
    // Each look at a confidential one goes into the audit trail: there only people look.
    if (this.#gone || this.#ticket?.confidential) return this.#draw();
    await this.#load();
  }

  #draw = () => render(this.#view(), this.#main);

  #view() {
    const ticket = this.#ticket;
    const fault = this.#fault && ticket
      ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}<span>${this.#fault}</span>
          <button class="link" type="button" @click=${() => this.#load()}>${t("Try again")}</button></p>`
      : nothing;
    if (!ticket) {
      if (!this.#fault) return html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`;
      return html`<section class="ticket-none"><h1>${this.#gone ? t("There is no such request, or it is not yours to see.") : this.#fault}</h1>
        <p class="number">${readable(this.#number)}</p>
        <p class="buttons">${this.#gone ? nothing : html`<button class="button primary" type="button" @click=${() => this.#load()}>${t("Try again")}</button>`}
          <a class="button" href=${document.documentElement.dataset.role === "unit" ? "/unit" : "/tickets"}>${t("To the list")}</a></p></section>`;
    }
    const now = serverNow();
    return html`
      ${fault}
      ${head(ticket, now)}
      <div class="ticket-grid">
        <div class="ticket-main">
          ${asked(ticket)}
          ${timeline(ticket, { all: this.#all, showAll: this.#showAll, fresh: this.#seen })}
        </div>
        <div class="ticket-side">
          ${this.#news(ticket)}
          <section class="panel moves" aria-labelledby="moves-title">
            <h2 id="moves-title" tabindex="-1">${t("What can be done")}</h2>
            <p class="told" role="status">${this.#told ? html`${icon("met")}${this.#told}` : nothing}</p>
            ${this.#moves(ticket)}
          </section>
          ${handling(ticket, now)}
        </div>
      </div>`;
  }

  /** What others did while this page was open. @param {Ticket} ticket */
  #news(ticket) {
    const news = (ticket.entries ?? []).filter(({ id }) => id > this.#seen);
    if (!news.length) return nothing;
    return html`<div class="notice news" data-tone="warn" role="alert">${icon("warn")}<div>
      <b>${t("Moved meanwhile:")}</b>
      <ul>${news.slice(-5).map((entry) => html`<li>${whoOf(entry)} · ${entry.label}${entry.words ? html`<br><q>${entry.words.length > 200 ? `${entry.words.slice(0, 200)}…` : entry.words}</q>` : nothing}</li>`)}</ul>
      <button class="button small" type="button" @click=${this.#read}>${t("I have read it")}</button></div></div>`;
  }

  #read = () => {
    if (this.#ticket) this.#seen = lastOf(this.#ticket);
    this.#draw();
    this.#focus("#moves-title");
  };

  /** @param {Ticket} ticket */
  #moves(ticket) {
    const moves = inOrder(ticket.moves ?? []);
    const open = this.#step;
    const offered = open !== null && moves.some(({ name }) => name === open.move.name);
    if (!moves.length && !open) return html`<p class="hint">${t("Nothing for you to do here now.")}</p>`;
    const lead = moves.findIndex(({ name }) => LEADING.includes(name));
    return html`
      ${open && !offered ? open.view(false) : nothing}
      <ul class="move-list">${moves.map(({ name, label }, at) => html`<li data-wide=${String(at === lead || (offered && open.move.name === name))}>
        <button type="button" class="button move ${at === lead ? "primary" : ""}" data-move=${name} data-grave=${String(GRAVE.includes(name))}
          aria-expanded=${String(open?.move.name === name)} aria-keyshortcuts=${at < 9 ? String(at + 1) : nothing} @click=${() => this.#open(name)}>
          <span>${label}</span>${this.#begun.includes(name) && open?.move.name !== name ? html`<small class="chip" data-tone="warn">${t("begun")}</small>` : nothing}
          ${at < 9 ? html`<kbd>${at + 1}</kbd>` : nothing}</button>
        ${offered && open.move.name === name ? open.view(true) : nothing}</li>`)}</ul>`;
  }

  /** Open a step's form, or close it when it is open. @param {string} name */
  #open(name) {
    const move = this.#ticket?.moves?.find((one) => one.name === name);
    if (!this.#ticket || !move) return;
    if (this.#step?.move.name === name) {
      this.#close();
      return;
    }
    this.#told = "";
    this.#step = new Step(this.#ticket, move, {
      draw: this.#draw,
      done: this.#done,
      moved: async () => this.#load(),
      close: this.#close,
    });
    this.#draw();
    this.#focus(".step :is(input, textarea, select, button):not([type=hidden])");
  }

  #close = () => {
    const name = this.#step?.move.name;
    this.#step = null;
    if (this.#ticket) this.#show(this.#ticket);
    this.#draw();
    this.#focus(`[data-move="${CSS.escape(name ?? "")}"]`) || this.#focus("#moves-title");
  };

  /** @param {Ticket} ticket @param {string} move */
  #done = (ticket, move) => {
    const step = this.#step?.move.label ?? move;
    this.#step = null;
    this.#seen = lastOf(ticket);
    this.#show(ticket);
    this.#told = t("Done: {step}", { step });
    this.#draw();
    this.#focus("#moves-title");
  };

  #showAll = () => {
    this.#all = true;
    this.#draw();
  };

  /** @param {string} selector */
  #focus(selector) {
    const place = this.#main.querySelector(selector);
    if (place instanceof HTMLElement) place.focus();
    return place !== null;
  }

  /** A digit opens the step beside it, unless somebody is writing. @param {KeyboardEvent} event */
  #key = (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || target.closest("input, textarea, select, [contenteditable], dialog")) return;
    if (event.key === "Escape" && this.#step) {
      this.#close();
      return;
    }
    const move = /^[1-9]$/.test(event.key) ? inOrder(this.#ticket?.moves ?? [])[Number(event.key) - 1] : undefined;
    if (!move) return;
    event.preventDefault();
    this.#open(move.name);
  };
}

/** @param {Ticket} ticket */
const lastOf = (ticket) => Math.max(0, ...(ticket.entries ?? []).map(({ id }) => id));
