// The citizen's own page: what was asked, what was answered, and three large buttons. Nothing else.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { readable } from "../tickets/number.js";

/** @typedef {{state: "open" | "answered" | "expired" | "unknown", number: string, title: string, answer: string, merged: boolean}} Looked */

/** @param {HTMLElement} main */
export function startRate(main) {
  const token = decodeURIComponent(location.pathname.split("/").pop() ?? "");
  /** @type {Looked | null} */
  let looked = null;
  let said = "";
  let words = "";
  let fault = "";
  let busy = false;
  let thanked = false;
  let merged = false;

  const look = async () => {
    fault = "";
    draw();
    try {
      looked = await request("POST", "/api/v1/rate/look", { token });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) looked = { state: "unknown", number: "", title: "", answer: "", merged: false };
      else fault = error instanceof ApiError ? error.message : String(error);
    }
    draw();
  };

  /** @param {Event} event */
  const send = async (event) => {
    event.preventDefault();
    if (busy || !said) return;
    busy = true;
    fault = "";
    draw();
    try {
      const after = await request("POST", "/api/v1/rate", { token, satisfaction: said, words: words.trim() });
      thanked = after.state === "answered";
      merged = Boolean(looked?.merged);
      looked = after;
    } catch (error) {
      fault = error instanceof ApiError ? [error.message, ...Object.values(error.fields)].join(" ") : String(error);
    }
    busy = false;
    draw();
  };

  /** @param {string} one */
  const choose = (one) => {
    said = one;
    fault = "";
    draw();
    if (one === "unhappy") document.querySelector("textarea")?.focus();
  };

  const draw = () => render(html`<article class="rating">${
    !looked ? (fault ? trouble() : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`)
    : thanked ? end(t("Thank you for your answer."), said !== "unhappy" ? t("Your rating has been kept.") : merged ? t("A supervisor of the hotline reads what you wrote.") : t("What you wrote goes back to the unit that is in charge."), "good")
    : looked.state === "answered" ? end(t("This request has been rated already."), t("Every link can be used once."), "dim")
    : looked.state === "expired" ? end(t("This link has expired."), t("Please call 12345 and give the number of your request."), "dim")
    : looked.state === "unknown" ? end(t("This link leads nowhere."), t("Please open it again from the message, whole."), "dim")
    : form(looked)}</article>`, main);

  const trouble = () => html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}${fault}<button class="link" type="button" @click=${look}>${t("Try again")}</button></p>`;

  /** @param {string} title @param {string} text @param {string} tone */
  const end = (title, text, tone) => html`<div class="rating-end" data-tone=${tone} role="status">${icon(tone === "good" ? "ready" : "none")}<h1>${title}</h1><p>${text}</p></div>`;

  /** @param {Looked} of */
  const form = (of) => html`
    <header><h1>${t("Are you satisfied with the handling?")}</h1><p class="hint">${t("Request {number}", { number: readable(of.number) })}</p></header>
    <section><h2>${of.title}</h2>${of.answer ? html`<h3>${t("Answer")}</h3><p class="visit-text">${of.answer}</p>` : nothing}
      ${of.merged ? html`<p>${t("It was handled together with the same request of others, and answered. Please tell us how it turned out for you; call 12345 to hear the answer.")}</p>` : nothing}</section>
    <form @submit=${send}>
      <div class="said" role="radiogroup" aria-label=${t("Your rating")}>
        ${[["satisfied", t("Satisfied"), "good"], ["fairly", t("Fairly satisfied"), "note"], ["unhappy", t("Not satisfied"), "bad"]].map(
          ([key = "", word, tone]) => html`<button class="say" type="button" role="radio" aria-checked=${String(said === key)} data-tone=${tone} data-say=${key} @click=${() => choose(key)}>${word}</button>`)}
      </div>
      <label><span>${said === "unhappy" ? t("Please say what is not settled") : t("Anything to add (optional)")}</span>
        <textarea rows="4" maxlength="2000" ?required=${said === "unhappy"} .value=${words} @input=${(/** @type {InputEvent} */ event) => (words = /** @type {HTMLTextAreaElement} */ (event.target).value)}></textarea></label>
      <p class="fault" role="alert">${fault}</p>
      <button class="button primary" ?disabled=${busy || !said}>${t("Send")}</button>
    </form>`;

  void look();
}
