// 封禁地址: addresses that the telephone server refuses for a time, why, and until when; a ban can be lifted, or pronounced by hand.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { banReason } from "../core/words_owed.js";
import { chip } from "../lists/chip.js";
import { startList } from "../lists/list.js";

/** @typedef {{id: number, address: string, reason: string, tried: number, account: string, note: string, since: string, until: string, by: string, lifted_at?: string, lifted_by?: string, active: boolean}} Ban */

const URL_ = "/api/v1/bans";
/** For how long, in minutes. */
const TERMS = ["60", "1440", "10080"];

/** @param {HTMLElement} main */
export function startBans(main) {
  let fault = "";
  let told = "";
  /** @type {Record<string, string>} */
  let fields = {};
  let lifting = 0;

  /** @param {() => Promise<string>} work returns what to say when it was done */
  const attempt = async (work) => {
    fault = told = "";
    fields = {};
    try {
      told = await work();
    } catch (error) {
      fault = error instanceof ApiError ? error.message : String(error);
      fields = error instanceof ApiError ? error.fields : {};
    }
    page.refresh();
    page.draw();
  };

  /** @param {SubmitEvent} event */
  const add = (event) => {
    event.preventDefault();
    const form_ = /** @type {HTMLFormElement} */ (event.target);
    const { address = "", note = "", term } = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form_)));
    void attempt(async () => {
      await request("POST", URL_, { address: address.trim(), minutes: Number(term), note: note.trim() });
      form_.reset();
      return t("{address} is refused from now on.", { address: address.trim() });
    });
  };

  /** @param {Ban} ban letting in takes a second press */
  function lift({ id, address, active }) {
    if (!active) return "";
    if (lifting !== id) {
      return html`<button class="button quiet small" type="button" aria-label=${t("Lift the ban of {address}", { address })}
        @click=${() => { lifting = id; page.draw(); }}>${t("Lift")}</button>`;
    }
    return html`<span class="buttons"><button class="button danger small" type="button" @click=${() => attempt(async () => {
        lifting = 0;
        await request("DELETE", `${URL_}/${encodeURIComponent(address)}`);
        return t("{address} is let in again.", { address });
      })}>${t("Confirm lifting")}</button>
      <button class="button quiet small" type="button" @click=${() => { lifting = 0; page.draw(); }}>${t("Cancel")}</button></span>`;
  }

  /** @param {string} name @param {string} label @param {unknown} input */
  const field = (name, label, input) => html`<label><span>${label}</span>${input}<small class="fault">${fields[name] ?? ""}</small></label>`;

  const form = () => html`
    <div role="alert">${fault ? html`<p class="notice" data-tone="bad">${icon("warn")}${fault}</p>` : nothing}</div>
    <div role="status">${told ? html`<p class="notice" data-tone="good">${icon("met")}${told}</p>` : nothing}</div>
    <form class="panel filters blocking" @submit=${add}>
      ${field("address", t("Network address"), html`<input name="address" required maxlength="64" autocomplete="off" spellcheck="false" placeholder="203.0.113.7">`)}
      ${field("minutes", t("For how long"), html`<select name="term">${TERMS.map((minutes) => html`<option value=${minutes}>${termWords()[minutes]}</option>`)}</select>`)}
      ${field("note", t("Reason"), html`<input name="note" required maxlength="500" autocomplete="off">`)}
      <button class="button primary">${t("Ban")}</button>
      <p class="hint">${t("Whoever guesses passwords or floods the telephone server is banned by itself, each time for longer. Lines, this machine and addresses where our phones are signed in cannot be banned here.")}</p>
    </form>
  `;

  const page = startList(main, /** @type {import("../lists/list.js").Listing<Ban>} */ ({
    title: t("Banned addresses"),
    url: URL_,
    empty: t("No address is banned."),
    key: ({ id }) => id,
    top: () => form(),
    filters: [],
    views: [
      { name: "active", label: t("In force") },
      { name: "every", label: t("All"), ask: { every: "true" } },
    ],
    columns: [
      { name: t("Network address"), cell: ({ address }) => html`<b class="number">${address}</b>` },
      { name: t("Reason"), cell: ({ reason, note }) => [chip(banReason(reason)), note ? html` <span class="cell-wide">${note}</span>` : ""] },
      { name: t("Tries"), kind: "number", cell: ({ tried, reason }) => (reason === "manual" ? "—" : tried) },
      { name: t("Last name tried"), cell: ({ account }) => (account ? html`<span class="cell-wide">${account}</span>` : "—") },
      { name: t("Since"), kind: "time", cell: ({ since }) => shortMoment(since) },
      { name: t("Until"), kind: "time", cell: ({ until, lifted_at: lifted }) => shortMoment(lifted ?? until) },
      { name: t("By"), cell: ({ by }) => by || t("the hotline itself") },
      { name: t("State"), cell: state },
      { name: t("Lift"), cell: lift },
    ],
  }));
}

/** @param {Ban} ban */
const state = ({ active, lifted_by: by }) =>
  active ? chip([t("Kept out"), "bad"]) : by ? chip([t("Lifted by {who}", { who: by }), "good"]) : chip([t("Over"), "dim"]);

/** @returns {Record<string, string>} */
const termWords = () => ({ 60: t("One hour"), 1440: t("One day"), 10080: t("One week") });
