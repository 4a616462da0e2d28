// What people may do to a callback from the list. Each deed is asked for once more, and a refusal is said where it was asked.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { t } from "../core/i18n.js";
import { live } from "../core/live.js";
import { may } from "../core/rights.js";
import { attemptResult } from "../core/words_owed.js";

/** @typedef {import("../desk/work.js").Callback} Callback */
/** @typedef {{draw: () => void, refresh: () => void}} Page */
/** @typedef {{id: "assign" | "forward" | "allow" | "close" | "voicemail" | "wrong_number", word: string, ask: string, kind?: string}} Deed */

const OPEN = ["waiting", "dialling", "retry"];

export class Deeds {
  /** @type {Deed["id"] | ""} the deed that was asked for and not yet confirmed */
  #asking = "";
  #fault = "";
  #busy = false;
  /** @type {{agent: string, name: string}[] | null} */
  #agents = null;

  /** Another row was opened: nothing is asked there. */
  begin() {
    this.#asking = "";
    this.#fault = "";
  }

  /** @param {Callback} callback @param {Page} page */
  view(callback, page) {
    const deeds = deedsFor(callback);
    const asked = deeds.find(({ id }) => id === this.#asking);
    if (!deeds.length) return nothing;
    return html`
      <div class="buttons deeds" role="group" aria-label=${t("What can be done")}>
        ${deeds.map((deed) => html`<button class="button small" type="button" aria-expanded=${String(deed === asked)} ?disabled=${this.#busy}
          @click=${() => this.#ask(deed, page)}>${deed.word}</button>`)}
      </div>
      ${asked
        ? html`<form class="asking" @submit=${(/** @type {SubmitEvent} */ event) => this.#submit(event, asked, callback, page)}
            @keydown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.#cancel(page)}>
            <p>${asked.ask}</p>
            ${this.#field(asked, callback)}
            <div class="buttons">
              <button class="button small ${asked.kind ?? "primary"}" ?disabled=${this.#busy}>${t("Confirm: {deed}", { deed: asked.word })}</button>
              <button class="button quiet small" type="button" @click=${() => this.#cancel(page)}>${t("Cancel")}</button>
            </div>
          </form>`
        : nothing}
      <p class="fault" role="alert">${this.#fault}</p>
    `;
  }

  /** @param {Deed} deed @param {Callback} callback */
  #field({ id }, callback) {
    if (id === "close") return html`<label><span>${t("Reason")}</span><input name="reason" required minlength="2" maxlength="500" autocomplete="off"></label>`;
    if (id !== "assign") return nothing;
    return html`<label><span>${t("Agent")}</span><select name="agent">
      <option value="">${t("Nobody in particular")}</option>
      ${(this.#agents ?? []).map(({ agent, name }) => html`<option value=${agent} ?selected=${agent === callback.assigned}>${agent} ${name}</option>`)}
    </select></label>`;
  }

  /** @param {Deed} deed @param {Page} page */
  #ask(deed, page) {
    this.#fault = "";
    this.#asking = this.#asking === deed.id ? "" : deed.id;
    if (this.#asking === "assign" && !this.#agents) void this.#loadAgents(page);
    page.draw();
    const field = document.querySelector(".asking input, .asking select, .asking button");
    if (field instanceof HTMLElement) field.focus();
  }

  /** @param {Page} page */
  #cancel(page) {
    this.begin();
    page.draw();
  }

  /** Everyone who takes calls; those at their seats when the list cannot be had. @param {Page} page */
  async #loadAgents(page) {
    const seated = Object.values(live.floor?.seats ?? {}).filter((seat) => seat.agent);
    this.#agents = await request("GET", "/api/v1/agents").catch(() =>
      seated.map((seat) => ({ agent: seat.agent ?? "", name: seat.name ?? "" })),
    );
    page.draw();
  }

  /** @param {SubmitEvent} event @param {Deed} deed @param {Callback} callback @param {Page} page */
  async #submit(event, deed, callback, page) {
    event.preventDefault();
    if (this.#busy) return;
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target))));
    this.#busy = true;
    this.#fault = "";
    page.draw();
    try {
      const [path, body] = orderOf(deed.id, values);
      await request("POST", `/api/v1/callbacks/${callback.id}/${path}`, body);
      this.#asking = "";
    } catch (error) {
      this.#fault = error instanceof ApiError ? [error.message, ...Object.values(error.fields)].join(" ") : String(error);
    }
    this.#busy = false;
    page.draw();
    page.refresh();
  }
}

/** @param {Deed["id"]} id @param {Record<string, string>} values @returns {[path: string, body: object]} */
function orderOf(id, { agent, reason = "" }) {
  if (id === "assign") return ["assign", { agent: agent || null }];
  if (id === "close") return ["close", { reason: reason.trim() }];
  if (id === "forward" || id === "allow") return [id, {}];
  return ["result", { result: id, note: "" }];
}

/**
 * Supervisors work on every callback; agents may note what they heard in the last talk.
 * @param {Callback} callback
 * @returns {Deed[]}
 */
function deedsFor(callback) {
  const { agent } = document.documentElement.dataset;
  const supervises = may("callbacks.manage");
  const open = OPEN.includes(callback.state);
  const last = callback.attempts?.[callback.attempts.length - 1];
  /** @type {Deed[]} */
  const deeds = [];
  if (supervises && open) deeds.push({ id: "assign", word: t("Assign"), ask: t("Keep this callback for one agent?") });
  if (supervises && callback.held) deeds.push({ id: "allow", word: t("Allow dialling"), ask: t("Let this number be dialled?") });
  if (supervises && (open || callback.state === "unreachable") && callback.state !== "dialling") {
    deeds.push({ id: "forward", word: t("Bring forward"), ask: t("Dial this citizen before all others?") });
  }
  if (supervises && (open || callback.state === "unreachable")) deeds.push({ id: "close", word: t("Close"), ask: t("Close it without a callback? The reason is kept."), kind: "danger" });
  if (last?.result === "answered" && (supervises || (agent && last.agent === agent))) {
    for (const id of /** @type {const} */ (["voicemail", "wrong_number"])) {
      deeds.push({ id, word: attemptResult(id)[0], ask: t("Was the last attempt not a talk with the citizen?") });
    }
  }
  return deeds;
}
