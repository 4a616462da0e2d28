// Changing the contents of a request: every field as it is, and only what was changed is sent.
import { html, nothing } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { t } from "../core/i18n.js";
import { requestKinds } from "./fields.js";
import { Picker } from "./picker.js";
import { categories, places } from "./reference_data.js";
import { fieldName } from "./words.js";

/** @typedef {import("./types.js").Ticket} Ticket */

const TEXTS = /** @type {const} */ (["address", "contact_name", "contact_phone"]);
const LENGTHS = { title: 200, description: 10_000, address: 200, contact_name: 60, contact_phone: 32 };
const NAMES = ["kind", "title", "description", "category", "place", "anonymous", ...TEXTS];

export class Amendment {
  /** @type {Record<string, any>} */
  #before;
  /** @type {Record<string, any>} */
  #after;
  /** @type {Picker[]} */
  #pickers;

  /** @param {Ticket} ticket @param {Record<string, any>} kept changes that were typed before @param {() => void} draw @param {(changes: object) => void} changed */
  constructor(ticket, kept, draw, changed) {
    this.#before = {
      kind: ticket.kind,
      title: ticket.title,
      description: ticket.description,
      category: ticket.category?.code ?? "",
      place: ticket.place?.code ?? "",
      anonymous: ticket.anonymous,
      ...Object.fromEntries(TEXTS.map((name) => [name, ticket[name] ?? ""])),
    };
    this.#after = { ...this.#before, ...kept };
    this.changed = changed;
    this.#pickers = /** @type {const} */ ([["category", categories], ["place", places]]).map(([name, load]) => {
      const picker = new Picker({ id: `step-${name}`, label: fieldName(name)[0], load, draw, changed: () => this.#set(name, picker.chosen[0] ?? "") });
      picker.chosen = [this.#after[name]].filter(Boolean);
      return picker;
    });
  }

  /** @param {string} name */
  has = (name) => NAMES.includes(name);

  /** Field -> what it shall be; an emptied one is null. */
  get changes() {
    const changed = NAMES.filter((name) => this.#after[name] !== this.#before[name]);
    return Object.fromEntries(changed.map((name) => [name, typeof this.#after[name] === "string" ? this.#after[name].trim() || null : this.#after[name]]));
  }

  /** @param {string} name @param {unknown} value */
  #set(name, value) {
    this.#after[name] = value;
    this.changed(this.changes);
  }

  /** @param {string} name */
  #typed = (name) => (/** @type {Event} */ event) => this.#set(name, /** @type {HTMLInputElement} */ (event.target).value);

  /** @param {Record<string, string>} faults */
  view(faults) {
    const about = (/** @type {string} */ name) => ({ fault: faults[name] ?? "", label: fieldName(name)[0] });
    const line = (/** @type {"title" | "address" | "contact_name" | "contact_phone"} */ name) => html`<div class="field">
      <label for="step-${name}"><span>${about(name).label}</span></label>
      <input id="step-${name}" type="text" autocomplete="off" maxlength=${LENGTHS[name]} .value=${live(this.#after[name] ?? "")} aria-invalid=${String(Boolean(faults[name]))}
        aria-describedby="step-${name}-fault" @input=${this.#typed(name)}><small class="fault" id="step-${name}-fault">${faults[name] ?? ""}</small></div>`;
    return html`
      <div class="field"><label for="step-kind"><span>${about("kind").label}</span></label>
        <select id="step-kind" aria-invalid=${String(Boolean(faults["kind"]))} .value=${live(this.#after["kind"])} @change=${this.#typed("kind")}>
          ${this.#before["kind"] === "missed_call" ? html`<option value="missed_call" ?selected=${this.#after["kind"] === "missed_call"}>${t("Missed call")}</option>` : nothing}
          ${requestKinds().map(([value, [word]]) => html`<option value=${value} ?selected=${value === this.#after["kind"]}>${word}</option>`)}</select>
        <small class="fault">${faults["kind"] ?? ""}</small></div>
      ${line("title")}
      <div class="field"><label for="step-description"><span>${about("description").label}</span></label>
        <textarea id="step-description" rows="7" maxlength=${LENGTHS.description} .value=${live(this.#after["description"] ?? "")} aria-invalid=${String(Boolean(faults["description"]))}
          aria-describedby="step-description-fault" @input=${this.#typed("description")}></textarea><small class="fault" id="step-description-fault">${faults["description"] ?? ""}</small></div>
      ${this.#pickers.map((picker) => picker.view(faults[picker.about.id.replace("step-", "")]))}
      ${TEXTS.map(line)}
      <label class="tick"><input type="checkbox" .checked=${live(Boolean(this.#after["anonymous"]))}
        @change=${(/** @type {Event} */ event) => this.#set("anonymous", /** @type {HTMLInputElement} */ (event.target).checked)}><span>${about("anonymous").label}</span></label>
      <small class="fault" id="step-fields-fault">${faults["fields"] ?? ""}</small>
    `;
  }
}
