// The ticket form as one agent fills it in while talking: from top to bottom by keyboard alone.
import { html, nothing } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { clockTime } from "../../core/format.js";
import { t } from "../../core/i18n.js";
import { icon } from "../../core/icons.js";
import { ticketKind } from "../../core/words.js";
import { Picker } from "../../tickets/picker.js";
import { categories, places } from "../../tickets/reference_data.js";
import { urgency } from "../../tickets/words.js";
import { grouped } from "../../tickets/number.js";
import { Suggestions } from "./suggestions.js";

/** @typedef {"submit" | "answer" | "keep"} Then */
/** @typedef {import("./draft.js").Draft} Draft */

/** Characters that fit, of any script; the server counts the same. */
const LIMITS = { title: 200, description: 10_000, answer: 10_000, address: 200, contact_name: 60, contact_phone: 32 };
/** What a suggestion is made of. */
const TELLING = new Set(["kind", "title", "description", "place"]);

/** The ways to send it, the usual one first, each with its key. @returns {[Then, string, string][]} */
const ways = () => [
  ["submit", t("Submit for review"), "Ctrl+↵"],
  ["answer", t("Answered on the call"), "Ctrl+⇧+↵"],
  ["keep", t("Keep as accepted"), "Ctrl+S"],
];

/** Kinds that a person chooses. */
const kinds = () => ticketKind.all().filter(([kind]) => kind !== "missed_call");

export class TicketForm {
  /** @type {Record<string, string>} what is wrong with each field */
  faults = {};
  fault = "";
  /** @type {{then: Then, attempt: number, trouble: string} | null} while it is on its way */
  sending = null;
  /** Whether its call was ever answered; else it goes when the ringing stops. */
  talked = false;
  /** Whether "discard" was pressed once. */
  discarding = false;
  /** Whether the contact's name is the agent's own work. */
  named = false;
  /** What a colleague wrote who passed the citizen on. @type {Record<string, any>} */
  taken = {};

  /**
   * @param {Draft} draft
   * @param {{draw: () => void, send: (form: TicketForm, then: Then) => void, discard: (form: TicketForm) => void, close: (form: TicketForm) => void,
   *   join: (form: TicketForm, number: string) => void, consult: (form: TicketForm) => void}} about
   */
  constructor(draft, about) {
    this.draft = draft;
    this.about = about;
    this.named = Boolean(draft.fields["contact_name"]);
    this.category = this.#picker("category", t("Category"), categories);
    this.place = this.#picker("place", t("Place"), places);
    this.suggestions = new Suggestions(this, about.draw);
    if (draft.touched) this.suggestions.changed();
  }

  /** @param {string} name @param {string} label @param {() => Promise<import("../../tickets/picker.js").Option[]>} load */
  #picker(name, label, load) {
    const picker = new Picker({
      id: `f-${name}`,
      label,
      load,
      required: name === "category",
      draw: this.about.draw,
      changed: () => this.set({ [name]: picker.chosen[0] ?? null }),
    });
    picker.chosen = [this.draft.fields[name] ?? []].flat();
    return picker;
  }

  get fields() {
    return this.draft.fields;
  }

  /** Whether a person put nothing into it: what stands there came with the call. */
  get blank() {
    const { caller, contact_phone: telephone, contact_name: name, urgency: hurry, ...written } = this.fields;
    const given = (!telephone || telephone === caller) && (!name || !this.named) && (!hurry || hurry === "normal");
    const typed = Object.values(written).some((value) => String(value ?? "").trim() && value !== false);
    return given && !typed && !this.category.unfinished && !this.place.unfinished && !this.sending && !this.draft.sent;
  }

  /** What the tab says. */
  get label() {
    return this.fields["title"]?.trim() || this.fields["caller"] || t("New request");
  }

  /** @param {Record<string, any>} fields */
  set(fields) {
    this.draft.set(fields);
    this.discarding = false;
    for (const name of Object.keys(fields)) delete this.faults[name];
    if (Object.keys(fields).some((name) => TELLING.has(name))) this.suggestions.changed();
    this.about.draw();
  }

  /** Take what a colleague has written; what is written here stays. @param {Record<string, any>} fields */
  takeOver(fields) {
    const mine = (/** @type {string} */ name) => this.fields[name] && this.fields[name] !== this.taken[name];
    const news = Object.entries(fields).filter(([name, value]) => value && value !== this.fields[name] && !mine(name));
    if (!news.length) return;
    Object.assign(this.taken, Object.fromEntries(news));
    for (const [name, picker] of Object.entries({ category: this.category, place: this.place }))
      if (this.taken[name]) picker.chosen = [this.taken[name]].flat();
    this.named ||= Boolean(this.taken["contact_name"]);
    this.set(Object.fromEntries(news));
  }

  /** @param {string} code the category that was suggested */
  accept(code) {
    this.category.chosen = [code];
    this.set({ category: code });
  }

  /** The text of an article goes behind what the answer has. @param {string} text */
  quote(text) {
    const before = String(this.fields["answer"] ?? "").trimEnd();
    this.set({ answer: before ? `${before}\n${text}` : text });
  }

  /** What keeps it from being sent so, by field. @param {Then} then @returns {Record<string, string>} */
  check(then) {
    /** @type {Record<string, string>} */
    const faults = {};
    const needed = { keep: ["kind", "title", "description"], submit: ["kind", "title", "description", "category"], answer: ["kind", "title", "description", "answer"] };
    for (const name of needed[then]) {
      if (!String(this.fields[name] ?? "").trim()) faults[name] = t("Please fill this in.");
    }
    for (const [name, most] of Object.entries(LIMITS)) {
      const length = [...String(this.fields[name] ?? "").trim()].length;
      if (length > most) faults[name] = t("{count} characters too many", { count: length - most });
    }
    for (const [name, picker] of Object.entries({ category: this.category, place: this.place })) {
      if (picker.unfinished && !this.fields[name]) faults[name] = t("Please choose from the list.");
    }
    return faults;
  }

  /** What is sent. @param {Then} then */
  order(then) {
    const text = (/** @type {string} */ name) => String(this.fields[name] ?? "").trim();
    const own = text("contact_phone");
    return {
      request_id: this.draft.id,
      linkedid: this.draft.linkedid,
      caller: text("caller") || null,
      kind: this.fields["kind"],
      title: text("title"),
      description: text("description"),
      urgency: this.fields["urgency"] || "normal",
      category: this.fields["category"] || null,
      place: this.fields["place"] || null,
      address: text("address") || null,
      contact_name: text("contact_name") || null,
      contact_phone: own || null,
      anonymous: Boolean(this.fields["anonymous"]),
      confidential: Boolean(this.fields["confidential"]),
      then,
      answer: then === "answer" ? text("answer") : null,
    };
  }

  /** To the first thing that is wrong, or to the top. */
  focus() {
    const order = ["kind", "title", "description", "category", "place", "address", "contact_name", "contact_phone", "answer"];
    const name = order.find((one) => this.faults[one]) ?? (this.fields["kind"] ? "title" : "kind");
    const place = document.getElementById(`f-${name}`);
    const field = /** @type {HTMLElement | null} */ (name === "kind" ? place?.querySelector("input:checked") ?? place?.querySelector("input") : place);
    field?.focus();
  }

  view() {
    const { sent } = this.draft;
    return html`<form class="ticket-form" role="tabpanel" aria-label=${this.label} novalidate autocomplete="off" @keydown=${this.#key}
        @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
      ${sent && !this.sending
        ? html`<p class="notice" data-tone="good" role="status">${icon("met")}<span>${t("This form has become a request already:")}
            <a href="/tickets/${sent}" target="_blank">${grouped(sent)}</a></span>
            <button class="link" type="button" @click=${() => this.about.close(this)}>${t("Close the form")}</button></p>`
        : nothing}
      ${Object.keys(this.taken).length ? html`<p class="notice" data-tone="note" role="status">${icon("people")}<span>${t("Your colleague began this form; what they wrote stands here.")}</span></p>` : nothing}
      <fieldset class="tf-fields" ?disabled=${Boolean(this.sending)}>
        <div class="tf-row tf-top">${this.#kinds()}${this.#urgencies()}</div>
        ${this.#line("title", t("Subject"), html`<input id="f-title" type="text" .value=${live(this.fields["title"] ?? "")} @input=${this.#typed}
          aria-invalid=${String(Boolean(this.faults["title"]))} aria-describedby="f-title-fault" aria-required="true">`, true)}
        ${this.#line("description", t("What is asked"), html`<textarea id="f-description" class="tf-description" rows="4" .value=${live(this.fields["description"] ?? "")}
          @input=${this.#typed} aria-invalid=${String(Boolean(this.faults["description"]))} aria-describedby="f-description-fault" aria-required="true"></textarea>`, true)}
        <div class="tf-row">${this.category.view(this.faults["category"])}${this.place.view(this.faults["place"])}</div>
        <div class="tf-row tf-contact">
          ${this.#text("address", t("Address"))}${this.#text("contact_name", t("Contact"))}${this.#text("contact_phone", t("Telephone"), "tel")}
        </div>
        <div class="tf-flags">
          ${this.#tick("anonymous", t("The unit is not to learn who asks"))}${this.#tick("confidential", t("Confidential"))}
        </div>
        ${this.#line("answer", html`${t("Answer given on the call")}<button class="link tf-consult" type="button" aria-keyshortcuts="Alt+K"
          @click=${() => this.about.consult(this)}>${icon("search")} ${t("Knowledge base")}<kbd>Alt+K</kbd></button>`, html`<textarea id="f-answer" rows="2" .value=${live(this.fields["answer"] ?? "")} @input=${this.#typed}
          placeholder=${t("Only for what was answered at once")} aria-invalid=${String(Boolean(this.faults["answer"]))} aria-describedby="f-answer-fault"></textarea>`)}
      </fieldset>
      ${this.#foot()}
    </form>`;
  }

  #kinds() {
    const fault = this.faults["kind"];
    return html`<fieldset id="f-kind" class="segments" aria-invalid=${String(Boolean(fault))} @keydown=${this.#digit}>
      <legend>${t("Kind")} <b class="needed" aria-hidden="true">*</b></legend>
      <div>${kinds().map(([kind, [word]], at) => html`<label><input type="radio" name="f-kind" value=${kind} .checked=${live(this.fields["kind"] === kind)}
        @change=${() => this.set({ kind })}><span>${word}<kbd>${at + 1}</kbd></span></label>`)}</div>
      <small class="fault">${fault ?? ""}</small></fieldset>`;
  }

  #urgencies() {
    const chosen = this.fields["urgency"] || "normal";
    return html`<fieldset id="f-urgency" class="segments">
      <legend>${t("Urgency")}</legend>
      <div>${urgency.all().map(([value, [word, tone]]) => html`<label data-tone=${tone}><input type="radio" name="f-urgency" value=${value}
        .checked=${live(chosen === value)} @change=${() => this.set({ urgency: value })}><span>${word}</span></label>`)}</div></fieldset>`;
  }

  /** @param {string} name @param {unknown} label @param {unknown} input @param {boolean} [needed] */
  #line = (name, label, input, needed) => html`<div class="field" data-name=${name}>
    <label for="f-${name}"><span>${label}${needed ? html` <b class="needed" aria-hidden="true">*</b>` : nothing}</span></label>
    ${input}<small class="fault" id="f-${name}-fault">${this.faults[name] ?? ""}</small></div>`;

  /** @param {string} name @param {string} label @param {string} [type] */
  #text = (name, label, type = "text") => this.#line(name, label, html`<input id="f-${name}" type=${type} .value=${live(this.fields[name] ?? "")}
    @input=${this.#typed} aria-invalid=${String(Boolean(this.faults[name]))} aria-describedby="f-${name}-fault">`);

  /** @param {string} name @param {string} label */
  #tick = (name, label) => html`<label class="tick"><input id="f-${name}" type="checkbox" .checked=${live(Boolean(this.fields[name]))}
    @change=${(/** @type {Event} */ event) => this.set({ [name]: /** @type {HTMLInputElement} */ (event.target).checked })}><span>${label}</span></label>`;

  #foot() {
    const merge = this.fields["merge_into"];
    return html`<footer class="tf-foot">
      <div class="tf-said">
        ${merge ? html`<p class="tf-merge"><span>${t("To be merged into")} ${grouped(merge)}</span><button class="link" type="button" @click=${() => this.set({ merge_into: null })}>${t("Undo")}</button></p>` : nothing}
        ${this.fault ? html`<p class="fault" role="alert">${icon("warn")} ${this.fault}</p>` : nothing}
        ${this.#saved()}
      </div>
      <div class="buttons">
        ${this.sending?.trouble
          ? html`<button class="button" type="button" @click=${this.#stop}>${t("Stop trying")}</button>`
          : ways().map(([then, word, key], at) => html`<button class="button ${at ? "" : "primary"}" type="button" data-then=${then} ?disabled=${Boolean(this.sending || this.draft.sent)}
              aria-keyshortcuts=${key.replace("Ctrl", "Control").replace("⇧", "Shift").replace("↵", "Enter")} @click=${() => this.about.send(this, then)}>
              ${this.sending?.then === then ? t("Sending…") : word}<kbd>${key}</kbd></button>`)}
        <button class="button quiet tf-discard" type="button" ?disabled=${Boolean(this.sending)} @click=${() => this.about.discard(this)}>
          ${this.discarding ? t("Press again to discard") : t("Discard")}</button>
      </div>
    </footer>`;
  }

  #saved() {
    const { state, savedAt, trouble, sent } = this.draft;
    if (this.sending?.trouble) {
      return html`<p class="tf-state" data-tone="bad" role="status">${icon("warn")}${t("Not sent yet, attempt {count}: {reason} Everything is kept.", { count: this.sending.attempt, reason: this.sending.trouble })}</p>`;
    }
    if (sent || !state) return nothing;
    if (state === "local") return html`<p class="tf-state" data-tone="warn" role="status" data-state-of="local">${icon("warn")}${t("Not saved by the server, kept on this computer: {reason}", { reason: trouble })}</p>`;
    return state === "saved"
      ? html`<p class="tf-state" data-tone="good" data-state-of="saved">${icon("met")}${t("Saved {time}", { time: clockTime(savedAt) })}</p>`
      : html`<p class="tf-state" data-tone="dim" data-state-of="saving"><span class="tf-dot"></span>${t("Saving…")}</p>`;
  }

  /** @param {Event} event */
  #typed = (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    const name = field.id.slice(2);
    if (name === "contact_name") this.named = true;
    this.set({ [name]: field.value });
  };

  /** Not to be sent now: it can be changed again. */
  #stop = () => {
    this.sending = null;
    this.draft.resume();
    this.about.draw();
  };

  /** A kind by its digit. @param {KeyboardEvent} event */
  #digit = (event) => {
    const kind = kinds()[Number(event.key) - 1]?.[0];
    if (!kind || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.set({ kind });
    /** @type {HTMLElement | null} */ (document.querySelector(`#f-kind input[value=${kind}]`))?.focus();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    const order = event.ctrlKey || event.metaKey;
    const then = order && event.key === "Enter" ? (event.shiftKey ? "answer" : "submit") : order && event.key.toLowerCase() === "s" ? "keep" : null;
    const suggested = event.altKey && event.key === "Enter" ? this.suggestions.category : null;
    const consulted = event.altKey && event.key.toLowerCase() === "k";
    if (!then && !suggested && !consulted) return;
    event.preventDefault();
    if (event.repeat) return;
    if (consulted) this.about.consult(this);
    else if (then) this.about.send(this, then);
    else if (suggested) this.accept(suggested.code);
  };
}
