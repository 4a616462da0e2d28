// Lists that people keep under names of their own; supervisors may share theirs with everybody.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { t } from "../core/i18n.js";
import { may } from "../core/rights.js";
import { listed } from "./reference_data.js";

/** @typedef {{id: number, name: string, filters: Record<string, unknown>, shared: boolean, mine: boolean, who: string}} Saved */

export class SavedLists {
  /** @type {Saved[]} */
  #lists = [];
  #shown = 0;
  #asking = false;
  #fault = "";

  /** @param {{draw: () => void, chosen: import("./filters.js").Filters, changed: () => void}} about */
  constructor(about) {
    this.about = about;
  }

  async load() {
    this.#lists = listed(await request("GET", "/api/v1/saved-lists").catch(() => []));
    this.about.draw();
  }

  tabs() {
    const own = this.about.chosen.tab === undefined;
    return this.#lists.map((one) => html`<span class="view-kept"><button type="button" class="view" data-kept=${one.id} aria-pressed=${String(own && this.#shown === one.id)}
        title=${one.mine ? nothing : t("Shared by {who}", { who: one.who })} @click=${() => this.#show(one)}>${one.name}</button>${one.mine && own && this.#shown === one.id
          ? html`<button type="button" class="view-drop" aria-label=${t("Delete the list {name}", { name: one.name })} @click=${() => this.#drop(one)}>×</button>` : nothing}</span>`);
  }

  /** @param {Saved} one */
  #show(one) {
    this.#shown = one.id;
    this.about.chosen.show(one.filters);
  }

  /** @param {Saved} one */
  async #drop(one) {
    await this.#try(() => request("DELETE", `/api/v1/saved-lists/${one.id}`));
    this.about.chosen.choose("");
  }

  /** The way to keep what is shown now. */
  keep() {
    if (!this.#asking) return html`<button class="button quiet small" type="button" @click=${this.#ask}>${t("Keep as a list")}</button>`;
    return html`<span class="keep" role="group" aria-label=${t("Keep as a list")}>
      <input id="keep-name" type="text" maxlength="60" autocomplete="off" aria-label=${t("Name of the list")} placeholder=${t("Name of the list")} @keydown=${this.#key}>
      ${may("tickets.share_lists") ? html`<label class="tick"><input id="keep-shared" type="checkbox"><span>${t("For everybody")}</span></label>` : nothing}
      <button class="button small primary" type="button" @click=${this.#keep}>${t("Keep")}</button>
      <button class="button quiet small" type="button" @click=${this.#ask}>${t("Cancel")}</button>
      <small class="fault" role="alert">${this.#fault}</small></span>`;
  }

  #ask = () => {
    this.#asking = !this.#asking;
    this.#fault = "";
    this.about.draw();
    document.getElementById("keep-name")?.focus();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    if (event.key === "Escape") this.#ask();
    if (event.key !== "Enter") return;
    event.preventDefault();
    void this.#keep();
  };

  #keep = async () => {
    const name = /** @type {HTMLInputElement} */ (document.getElementById("keep-name")).value.trim();
    const shared = /** @type {HTMLInputElement | null} */ (document.getElementById("keep-shared"))?.checked ?? false;
    if (!name) {
      this.#fault = t("Please fill this in.");
      this.about.draw();
      return;
    }
    const made = await this.#try(() => request("POST", "/api/v1/saved-lists", { name, filters: this.about.chosen.all, shared }));
    if (!made) return;
    this.#asking = false;
    this.#show(made);
  };

  /** @param {() => Promise<any>} work */
  async #try(work) {
    try {
      const answer = await work();
      this.#fault = "";
      await this.load();
      return answer;
    } catch (error) {
      this.#fault = error instanceof ApiError ? [error.message, ...Object.values(error.fields)].join(" ") : String(error);
      this.about.draw();
      return null;
    }
  }
}
