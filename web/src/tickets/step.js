// The form of one step: exactly the fields that the server says the step needs and may have.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { clockTime } from "../core/format.js";
import { serverNow } from "../core/clock.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { StepDraft } from "./drafts.js";
import { Fields } from "./fields.js";
import { GRAVE } from "./words.js";

/** @typedef {import("./types.js").Ticket} Ticket */
/** @typedef {import("./types.js").Move} Move */
/** @typedef {{draw: () => void, done: (ticket: Ticket, move: string) => void, moved: () => Promise<void>, close: () => void}} Page
 *   `done` gets the ticket as it is after the step; `moved` loads it anew, as somebody else was faster */

export class Step {
  #fault = "";
  /** @type {Record<string, string>} */
  #faults = {};
  #busy = false;
  #keptAt = 0;
  #draft;
  #fields;

  /** @param {Ticket} ticket @param {Move} move @param {Page} page */
  constructor(ticket, move, page) {
    this.ticket = ticket;
    this.move = move;
    this.page = page;
    this.#draft = new StepDraft(ticket.number, move.name, page.draw);
    this.#fields = new Fields(ticket, move, this.#draft.fields, {
      draw: page.draw,
      changed: () => {
        this.#keptAt = serverNow();
        this.#draft.keep(this.#fields.kept);
        page.draw();
      },
    });
  }

  /** The ticket has moved meanwhile: the text stays, and goes with what is seen now. @param {Ticket} ticket @param {Move | undefined} move */
  renew(ticket, move) {
    this.ticket = ticket;
    if (move) this.move = move;
  }

  /** Everything typed, for whoever can no longer send it. */
  get text() {
    return this.#fields.text;
  }

  /** @param {boolean} offered whether the server still offers this step */
  view(offered) {
    const word = this.move.label;
    if (!offered) return this.#lost(word);
    const uploads = this.#fields.uploads;
    return html`<form class="step" aria-label=${word} novalidate @submit=${this.#submit} @keydown=${this.#key}
        @drop=${uploads?.taken ?? nothing} @paste=${uploads?.taken ?? nothing} @dragover=${uploads?.over ?? nothing} @dragleave=${uploads?.left ?? nothing}>
      ${this.#fields.view(this.#faults)}
      <div role="alert">${this.#fault ? html`<p class="notice" data-tone="bad">${icon("warn")}<span>${this.#fault}</span></p>` : nothing}</div>
      <div class="buttons">
        <button class="button ${GRAVE.includes(this.move.name) ? "danger" : "primary"}" ?disabled=${this.#busy || uploads?.busy}>${word} <kbd>Ctrl ↵</kbd></button>
        <button class="button quiet" type="button" @click=${this.page.close}>${t("Cancel")} <kbd>Esc</kbd></button>
        ${this.#state()}
      </div>
    </form>`;
  }

  #state() {
    if (this.#busy) return html`<small class="hint" role="status">${t("Sending…")}</small>`;
    if (this.#fields.uploads?.busy) return html`<small class="hint" role="status">${t("Files are still being sent.")}</small>`;
    if (!this.#draft.state) return html`<small class="hint" role="status"></small>`;
    const time = clockTime(this.#keptAt);
    return html`<small class="hint step-kept" role="status">${this.#draft.state === "saved" ? t("Saved {time}", { time }) : t("Kept in this browser {time}", { time })}
      <button class="link" type="button" @click=${this.#discard}>${t("Discard")}</button></small>`;
  }

  /** @param {string} word */
  #lost(word) {
    return html`<div class="step" role="group" aria-label=${word}>
      <p class="notice" data-tone="warn">${icon("warn")}<span>${t("“{step}” is not possible any more. What you typed is kept here:", { step: word })}</span></p>
      <textarea readonly rows="6" aria-label=${t("What you typed")} .value=${this.text}></textarea>
      <div class="buttons"><button class="button quiet" type="button" @click=${this.#discard}>${t("Discard")}</button></div>
    </div>`;
  }

  #discard = () => {
    this.#draft.drop();
    this.page.close();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      this.page.close();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      /** @type {HTMLFormElement} */ (event.currentTarget).requestSubmit();
    }
  };

  /** @param {SubmitEvent} event */
  #submit = async (event) => {
    event.preventDefault();
    if (this.#busy || this.#fields.uploads?.busy) return;
    const { body, missing } = this.#fields.order();
    this.#faults = missing;
    this.#fault = "";
    if (Object.keys(missing).length) return this.#pointOut();
    this.#busy = true;
    this.page.draw();
    const { number, version } = this.ticket;
    try {
      const after = await request("POST", `/api/v1/tickets/${encodeURIComponent(number)}/moves/${this.move.name}`, { version, request_id: this.#draft.id, ...body });
      this.#draft.drop();
      this.#busy = false;
      return this.page.done(after, this.move.name);
    } catch (error) {
      await this.#refused(error);
    }
    return this.#pointOut();
  };

  /** @param {unknown} error */
  async #refused(error) {
    if (!(error instanceof ApiError)) {
      this.#fault = String(error);
    } else if (error.status === 409 && error.fields.version) {
      await this.page.moved();
      this.#fault = t("Somebody was faster. Nothing was done; your text is still here. Please look at what has happened, and send it again if it still fits.");
    } else {
      this.#faults = this.#fields.faultsOf(error.fields);
      const told = new Set(Object.values(this.#faults));
      const rest = Object.entries(error.fields).filter(([, words]) => !told.has(words));
      this.#fault = [error.message, ...rest.map(([name, words]) => `${name}: ${words}`)].join(" ");
    }
    this.#busy = false;
  }

  /** To the first field that is wrong. */
  #pointOut() {
    this.page.draw();
    const wrong = document.querySelector(".step [aria-invalid=true]");
    if (wrong instanceof HTMLElement) wrong.focus();
  }
}
