// Whether the trail's chain holds: the last whole check, how far a running one is, and the button that orders one.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { clockTime, dayOf } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";

const URL_ = "/api/v1/audit/chain";
/** How often a running check is asked how far it is. */
const ASK_MS = 1000;

/** @typedef {{state: "never" | "running" | "whole" | "broken" | "failed", rows: number, at: string | null, by: string, faults: string[]}} Standing */

export class Chain {
  /** @type {Standing | null} */
  #now = null;
  #fault = "";
  #draw;

  /** @param {() => void} draw */
  constructor(draw) {
    this.#draw = draw;
  }

  look = () => this.#ask("GET");

  /** @param {"GET" | "POST"} method */
  async #ask(method) {
    try {
      this.#now = await request(method, URL_);
      this.#fault = "";
    } catch (error) {
      this.#fault = error instanceof ApiError ? error.message : String(error);
    }
    this.#draw();
    if (this.#now?.state === "running") setTimeout(this.look, ASK_MS);
  }

  view() {
    const now = this.#now;
    if (!now && !this.#fault) return nothing;
    const [tone, sign, words] = this.#fault ? /** @type {const} */ (["bad", "warn", this.#fault]) : said(/** @type {Standing} */ (now));
    return html`<section class="chain" data-tone=${tone} aria-label=${t("Whether the trail is whole")}>
      <p role="status">${icon(sign)}<strong>${words}</strong>${now?.at && now.state !== "running"
        ? html`<small>${dayOf(now.at)} ${clockTime(now.at)} · ${now.by}</small>` : nothing}</p>
      ${now?.faults.length && now.state === "broken" ? html`<ul>${now.faults.map((fault) => html`<li>${fault}</li>`)}</ul>` : nothing}
      <button class="button small" type="button" ?disabled=${now?.state === "running"} @click=${() => this.#ask("POST")}>${t("Check the whole trail")}</button>
    </section>`;
  }
}

/** @param {Standing} now @returns {readonly [tone: string, sign: "calm" | "warn" | "stop" | "none", words: string]} */
function said({ state, rows }) {
  switch (state) {
    case "whole":
      return ["good", "calm", t("Whole up to entry {rows}: nothing was changed, removed or inserted.", { rows })];
    case "broken":
      return ["bad", "stop", t("The trail was tampered with. Keep the database as it is and tell whoever is responsible for safety.")];
    case "running":
      return ["busy", "none", t("Being checked: {rows} entries so far…", { rows })];
    case "failed":
      return ["warn", "warn", t("The check did not get to its end. Please try again.")];
    default:
      return ["dim", "none", t("Not checked yet since this hotline was set up.")];
  }
}
