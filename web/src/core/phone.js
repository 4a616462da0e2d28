// A citizen's number as this reader may see it: masked, with a way to see it in full for whoever has the right and says why.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "./api.js";
import { callerNumber, isMasked } from "./format.js";
import { t } from "./i18n.js";
import { may } from "./rights.js";

/** What people need a number for; the words go into the audit trail as they are read here. */
const reasons = () => [t("To reach the citizen about the matter"), t("An emergency"), t("To look into a complaint"), t("Other work")];

/** It keeps what it has revealed while its row stays the same, however often the page around it is drawn. */
class PhoneNumber extends HTMLElement {
  static observedAttributes = ["of", "row", "field", "number"];
  #shown = "";
  #asking = false;
  #fault = "";

  connectedCallback() {
    this.#draw();
  }

  /** @param {string} _name @param {string | null} before @param {string | null} now */
  attributeChangedCallback(_name, before, now) {
    if (before === now) return;
    this.#shown = "";
    this.#asking = false;
    if (this.isConnected) this.#draw();
  }

  /** @param {string} reason */
  async #reveal(reason) {
    const [of, key] = [this.getAttribute("of"), this.getAttribute("row")];
    this.#asking = false;
    this.#fault = "";
    try {
      const { numbers } = await request("POST", "/api/v1/numbers/reveal", { of, key, reason });
      // The row may be another's by now.
      if (key === this.getAttribute("row")) this.#shown = numbers[this.getAttribute("field") ?? ""] ?? "";
    } catch (error) {
      this.#fault = error instanceof ApiError ? error.message : String(error);
    }
    this.#draw();
  }

  /** @param {Event} event a row that opens on a click must not */
  #ask = (event) => {
    event.stopPropagation();
    this.#asking = !this.#asking;
    this.#draw();
  };

  #draw() {
    const number = this.#shown || this.getAttribute("number");
    render(
      html`<b class="number">${callerNumber(number)}</b>${isMasked(number) && may("numbers.reveal")
          ? html`<button class="reveal" type="button" aria-expanded=${String(this.#asking)} @click=${this.#ask}>${t("Show")}</button>`
          : nothing}${this.#asking
          ? html`<span class="reveal-why" role="group" aria-label=${t("Why do you need the number?")} @click=${(/** @type {Event} */ event) => event.stopPropagation()}>
              <small>${t("Why do you need the number?")}</small>${reasons().map(
                (reason) => html`<button type="button" class="button small" @click=${() => void this.#reveal(reason)}>${reason}</button>`)}</span>`
          : nothing}${this.#fault ? html`<small class="fault" role="alert">${this.#fault}</small>` : nothing}`,
      this,
    );
  }
}
customElements.define("phone-number", PhoneNumber);

/**
 * @param {"call" | "callback" | "follow_up" | "ticket"} of what the number stands on
 * @param {number | string} row its id; of a ticket its number
 * @param {string} field
 * @param {string | null | undefined} number as the server gave it; empty when it was withheld
 */
export const phone = (of, row, field, number) =>
  html`<phone-number of=${of} row=${String(row)} field=${field} number=${number ?? ""}></phone-number>`;
