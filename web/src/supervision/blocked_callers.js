// 骚扰电话: the list of abusive callers, what is done with each, and who put them there.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { serverNow } from "../core/clock.js";
import { shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { blockLevel } from "../core/words_owed.js";
import { chip } from "../lists/chip.js";
import { startList } from "../lists/list.js";

/** @typedef {{number: string, level: string, per_hour?: number, note: string, by: string, since: string, until?: string, active?: boolean}} Blocked */

const URL_ = "/api/v1/blocked-callers";
const HOUR = 3600_000;
/** For how long, in hours; the empty one is for ever. */
const TERMS = ["24", "168", "720", ""];

/** @param {HTMLElement} main */
export function startBlockedCallers(main) {
  let level = "limit";
  let fault = "";
  let told = "";
  /** @type {Record<string, string>} */
  let fields = {};
  let removing = "";

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
    const { number = "", note = "", per_hour: most, term } = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form_)));
    const until = term ? { until: new Date(serverNow() + Number(term) * HOUR).toISOString() } : {};
    const limit = level === "limit" ? { per_hour: Number(most) } : {};
    void attempt(async () => {
      await request("POST", URL_, { number: number.trim(), level, note: note.trim(), ...limit, ...until });
      form_.reset();
      return t("{number} is on the list.", { number: number.trim() });
    });
  };

  /** @param {Blocked} blocked taking one off takes a second press */
  function removal({ number }) {
    if (removing !== number) {
      return html`<button class="button quiet small" type="button" aria-label=${t("Remove {number}", { number })}
        @click=${() => { removing = number; page.draw(); }}>${t("Remove")}</button>`;
    }
    return html`<span class="buttons"><button class="button danger small" type="button" @click=${() => attempt(async () => {
        removing = "";
        await request("DELETE", `${URL_}/${encodeURIComponent(number)}`);
        return t("{number} was taken off the list.", { number });
      })}>${t("Confirm removal")}</button>
      <button class="button quiet small" type="button" @click=${() => { removing = ""; page.draw(); }}>${t("Cancel")}</button></span>`;
  }

  /** @param {string} name @param {string} label @param {unknown} input */
  const field = (name, label, input) => html`<label><span>${label}</span>${input}<small class="fault">${fields[name] ?? ""}</small></label>`;

  const form = () => html`
    <div role="alert">${fault ? html`<p class="notice" data-tone="bad">${icon("warn")}${fault}</p>` : nothing}</div>
    <div role="status">${told ? html`<p class="notice" data-tone="good">${icon("met")}${told}</p>` : nothing}</div>
    <form class="panel filters blocking" @submit=${add}>
      ${field("number", t("Phone number"), html`<input name="number" required maxlength="32" inputmode="tel" pattern="\\+?[0-9]{3,31}" autocomplete="off">`)}
      ${field("level", t("Measure"), html`<select name="level" @change=${(/** @type {Event} */ { target }) => { level = /** @type {HTMLSelectElement} */ (target).value; page.draw(); }}>
        ${blockLevel.all().map(([value, [word]]) => html`<option value=${value} ?selected=${value === level}>${word}</option>`)}</select>`)}
      ${level === "limit" ? field("per_hour", t("Calls per hour"), html`<input name="per_hour" type="number" min="1" max="1000" value="3" required>`) : nothing}
      ${field("until", t("For how long"), html`<select name="term">${TERMS.map((hours) => html`<option value=${hours}>${termWords()[hours]}</option>`)}</select>`)}
      ${field("note", t("Reason"), html`<input name="note" required maxlength="500" autocomplete="off">`)}
      <button class="button primary">${t("Add")}</button>
      <p class="hint">${meaning()[level]}</p>
    </form>
  `;

  const page = startList(main, /** @type {import("../lists/list.js").Listing<Blocked>} */ ({
    title: t("Blocked callers"),
    url: URL_,
    empty: t("No caller is on the list."),
    key: ({ number }) => number,
    top: () => form(),
    filters: [],
    columns: [
      { name: t("Phone number"), cell: ({ number }) => html`<b class="number">${number}</b>` },
      { name: t("Measure"), cell: ({ level: of, active }) => [chip(blockLevel(of)), active === false ? chip([t("Over"), "dim"]) : ""] },
      { name: t("Calls per hour"), kind: "number", cell: ({ per_hour: most }) => most ?? "—" },
      { name: t("Reason"), cell: ({ note }) => (note ? html`<span class="cell-wide">${note}</span>` : "—") },
      { name: t("Added by"), cell: ({ by }) => by },
      { name: t("Since"), kind: "time", cell: ({ since }) => shortMoment(since) },
      { name: t("Until"), kind: "time", cell: ({ until }) => (until ? shortMoment(until) : t("For ever")) },
      { name: t("Remove"), cell: removal },
    ],
  }));
}

/** @returns {Record<string, string>} */
const termWords = () => ({ 24: t("One day"), 168: t("One week"), 720: t("Thirty days"), "": t("For ever") });

/** @returns {Record<string, string>} */
const meaning = () => ({
  announce: t("The caller hears a warning first and is then served as everyone is."),
  limit: t("Calls over the limit within an hour hear why and are ended; each is recorded."),
  block: t("Every call hears why and is ended; each is recorded."),
});
