// The fields of a step, made from the names that the server gives for what is needed and what may be given.
import { html, nothing } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { t } from "../core/i18n.js";
import { ticketKind } from "../core/words.js";
import { Amendment } from "./amendment.js";
import { digits } from "./number.js";
import { Picker } from "./picker.js";
import { units } from "./reference_data.js";
import { Uploads } from "./uploads.js";
import { satisfaction, urgency, wordsName } from "./words.js";

/** @typedef {import("./types.js").Ticket} Ticket */
/** @typedef {import("./types.js").Move} Move */

/** In the order in which a person thinks of them. */
const ORDER = ["unit", "helpers", "main", "days", "urgency", "satisfaction", "confidential", "fields", "answer", "words", "attachments"];
/** What a text may hold; the server has the last word. */
const LONGEST = 10_000;

export class Fields {
  /** @type {Record<string, any>} */
  #values;
  /** @type {Record<string, Picker>} */
  #pickers = {};
  /** @type {Amendment | null} */
  #amendment = null;
  /** @type {Uploads | null} */
  uploads = null;

  /**
   * @param {Ticket} ticket @param {Move} move @param {Record<string, any>} kept what was typed before
   * @param {{draw: () => void, changed: () => void}} about
   */
  constructor(ticket, move, kept, about) {
    this.ticket = ticket;
    this.move = move;
    this.about = about;
    this.names = ORDER.filter((name) => move.needs.includes(name) || move.may.includes(name));
    this.#values = { ...this.#first(), ...kept };
    for (const name of ["unit", "helpers"].filter((one) => this.names.includes(one))) {
      const several = name === "helpers";
      const picker = new Picker({
        id: `step-${name}`,
        label: several ? t("Helping units") : t("Unit"),
        load: units,
        several,
        required: this.#needs(name),
        draw: about.draw,
        changed: () => this.#set(name, several ? picker.chosen : picker.chosen[0] ?? ""),
      });
      picker.chosen = [this.#values[name] ?? []].flat().filter(Boolean);
      this.#pickers[name] = picker;
    }
    if (this.names.includes("fields")) {
      this.#amendment = new Amendment(ticket, kept.fields ?? {}, about.draw, (fields) => this.#set("fields", fields));
    }
    if (this.names.includes("attachments")) {
      this.uploads = new Uploads({ id: "step-attachments", draw: about.draw, changed: about.changed });
      this.uploads.restore(kept.files ?? []);
    }
  }

  /** What stands there before anybody typed. @returns {Record<string, any>} */
  #first() {
    const reply = [...(this.ticket.entries ?? [])].reverse().find(({ move }) => move === "reply");
    return {
      // An answer that stands there already is that of a round before: what is approved is the unit's newest reply.
      answer: this.move.name === "approve_reply" ? reply?.words || this.ticket.answer || "" : this.ticket.answer ?? "",
      days: this.move.name === "grant_extension" ? this.ticket.pending_days ?? "" : "",
      urgency: this.ticket.urgency,
      confidential: this.move.name === "set_confidential" ? !this.ticket.confidential : this.ticket.confidential,
      satisfaction: this.move.name === "redo" ? "unhappy" : "",
    };
  }

  /** @param {string} name */
  #needs = (name) => this.move.needs.includes(name);

  /** @param {string} name @param {unknown} value */
  #set(name, value) {
    this.#values[name] = value;
    this.about.changed();
  }

  /** What a draft keeps. */
  get kept() {
    const { move: _, ...values } = this.#values;
    return { ...values, ...(this.uploads ? { files: this.uploads.kept } : {}) };
  }

  get text() {
    const amended = Object.values(this.#values.fields ?? {}).filter((value) => typeof value === "string");
    return [this.#values.answer, this.#values.words, ...amended].filter(Boolean).join("\n\n");
  }

  /** What is sent, and what is missing for it. @returns {{body: Record<string, unknown>, missing: Record<string, string>}} */
  order() {
    /** @type {Record<string, unknown>} */
    const body = {};
    /** @type {Record<string, string>} */
    const missing = {};
    for (const name of this.names) {
      const value = this.#sent(name);
      const empty = value === undefined || value === "" || (Array.isArray(value) && !value.length) || (name === "fields" && !Object.keys(Object(value)).length);
      if (!empty) body[name] = value;
      else if (this.#needs(name)) missing[name] = name === "fields" ? t("Nothing has been changed.") : t("Please fill this in.");
      if (this.#pickers[name]?.unfinished) missing[name] = t("Please choose from the list.");
    }
    return { body, missing };
  }

  /** @param {string} name */
  #sent(name) {
    const value = this.#values[name];
    if (name === "attachments") return this.uploads?.ids ?? [];
    if (name === "fields") return this.#amendment?.changes ?? {};
    if (name === "days") return value === "" || value === undefined ? undefined : Number(value);
    if (name === "main") return digits(String(value ?? ""));
    return typeof value === "string" ? value.trim() : value;
  }

  /** Which of the server's complaints belong to a field here. @param {Record<string, string>} fields @returns {Record<string, string>} */
  faultsOf(fields) {
    const own = Object.entries(fields).map(([name, words]) => /** @type {const} */ ([name.replace(/^fields\./, ""), words]));
    return Object.fromEntries(own.filter(([name]) => this.names.includes(name) || this.#amendment?.has(name)));
  }

  /** @param {Record<string, string>} faults */
  view(faults) {
    return this.names.map((name) => this.#field(name, faults));
  }

  /** @param {string} name @param {Record<string, string>} faults */
  #field(name, faults) {
    const fault = faults[name];
    if (this.#pickers[name]) return this.#pickers[name]?.view(fault);
    if (name === "attachments") return this.uploads?.view(fault, this.#needs(name));
    if (name === "fields") return this.#amendment?.view(faults);
    if (name === "urgency") return this.#choice(name, t("Urgency"), urgency.all(), fault);
    if (name === "satisfaction") return this.#choice(name, t("Satisfaction"), this.#satisfactions(), fault);
    if (name === "confidential") return this.#tick(name, t("Confidential: only those who work on it see it"));
    if (name === "days") return this.#line(name, t("Working days"), fault, html`<input id="step-days" type="number" min="1" max="250" inputmode="numeric" .value=${live(String(this.#values["days"] ?? ""))}
      aria-invalid=${String(Boolean(fault))} aria-describedby="step-days-fault" @input=${this.#typed("days")}>`);
    if (name === "main") return this.#line(name, t("Number of the main request"), fault, html`<input id="step-main" type="text" inputmode="numeric" autocomplete="off" maxlength="40" .value=${live(this.#values["main"] ?? "")}
      aria-invalid=${String(Boolean(fault))} aria-describedby="step-main-fault" @input=${this.#typed("main")}>`);
    const label = name === "answer" ? t("Answer to the citizen") : wordsName(this.move.name);
    const tall = name === "answer" || ["reply", "helper_reply"].includes(this.move.name);
    return this.#line(name, label, fault, html`<textarea id="step-${name}" rows=${tall ? 7 : 3} maxlength=${LONGEST} .value=${live(this.#values[name] ?? "")}
      aria-invalid=${String(Boolean(fault))} aria-required=${String(this.#needs(name))} aria-describedby="step-${name}-fault" @input=${this.#typed(name)}></textarea>`);
  }

  /** Whoever is unhappy has it done again, where that is possible. */
  #satisfactions() {
    const redo = this.move.name === "follow_up" && this.ticket.moves?.some(({ name }) => name === "redo");
    return satisfaction.all().filter(([value]) => !redo || value !== "unhappy");
  }

  /** @param {string} name */
  #typed = (name) => (/** @type {Event} */ event) => this.#set(name, /** @type {HTMLInputElement} */ (event.target).value);

  /** @param {string} name @param {string} label @param {string | undefined} fault @param {unknown} input */
  #line = (name, label, fault, input) => html`<div class="field" data-name=${name}>
    <label for="step-${name}"><span>${label}${this.#needs(name) ? html` <b class="needed" aria-hidden="true">*</b>` : nothing}</span></label>
    ${input}<small class="fault" id="step-${name}-fault">${fault ?? ""}</small></div>`;

  /** @param {string} name @param {string} label @param {[string, import("../core/words.js").Word][]} options @param {string | undefined} fault */
  #choice = (name, label, options, fault) => html`<fieldset class="field choices" data-name=${name} aria-invalid=${fault ? "true" : nothing} tabindex=${fault ? "-1" : nothing}>
    <legend>${label}${this.#needs(name) ? html` <b class="needed" aria-hidden="true">*</b>` : nothing}</legend>
    ${options.map(([value, [word, tone]]) => html`<label class="choose" data-tone=${tone}><input type="radio" name="step-${name}" value=${value}
      .checked=${live(this.#values[name] === value)} @change=${this.#typed(name)}><span>${word}</span></label>`)}
    <small class="fault">${fault ?? ""}</small></fieldset>`;

  /** @param {string} name @param {string} label */
  #tick = (name, label) => html`<label class="tick"><input type="checkbox" .checked=${live(Boolean(this.#values[name]))}
    @change=${(/** @type {Event} */ event) => this.#set(name, /** @type {HTMLInputElement} */ (event.target).checked)}><span>${label}</span></label>`;
}

/** Kinds that a person chooses. */
export const requestKinds = () => ticketKind.all().filter(([kind]) => kind !== "missed_call");
