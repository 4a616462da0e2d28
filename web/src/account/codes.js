// Recovery codes, shown once: to be copied, saved or printed before one goes on.
import { html } from "lit-html";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";

/**
 * @param {string[]} codes
 * @param {() => void} done
 */
export function recoveryCodes(codes, done) {
  const text = codes.join("\n");
  const copy = (/** @type {MouseEvent} */ event) => {
    const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
    void navigator.clipboard?.writeText(text).then(() => {
      button.textContent = t("Copied");
    });
  };
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(`12345 ${document.documentElement.dataset.login}\n${text}\n`)}`;
  return html`<section class="card wide" data-testid="codes">
    <h1>${icon("met")}${t("Your recovery codes")}</h1>
    <p class="hint">${t("Each stands in for your telephone once. They are shown only now: print them, or keep them where nobody else looks.")}</p>
    <ol class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ol>
    <div class="buttons">
      <button class="button" type="button" @click=${copy}>${t("Copy")}</button>
      <a class="button" download="12345-recovery-codes.txt" href=${file}>${icon("fetch")}${t("Save as a file")}</a>
      <button class="button primary" type="button" @click=${done}>${t("I have kept them")}</button>
    </div>
  </section>`;
}
