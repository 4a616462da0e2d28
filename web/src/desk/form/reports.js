// What stands beside the forms: what became of those that were sent, and what there is while none is open.
import { html, nothing } from "lit-html";
import { t } from "../../core/i18n.js";
import { icon } from "../../core/icons.js";
import { grouped } from "../../tickets/number.js";

/** @param {import("./sending.js").Sent} report @param {() => void} close */
export function sentReport(report, close) {
  const words = {
    submit: t("Submitted for review"),
    answer: t("Answered on the call, and closed"),
    keep: t("Accepted"),
    join: t("Added to the request"),
  };
  return html`<p class="notice tf-report" data-tone=${report.trouble ? "warn" : "good"} role="status" data-testid="report">${icon(report.trouble ? "warn" : "met")}
    <span><b>${words[report.then]}</b> <a href="/tickets/${report.number}" target="_blank">${grouped(report.number)}</a> ${report.title}${report.trouble ? html`<br>${report.trouble}` : nothing}</span>
    <button class="link" type="button" @click=${close}>${t("Close")}</button></p>`;
}

/** The keys, while there is time to learn them. */
const keys = () => [
  ["F3", t("New request")],
  ["Ctrl+↵", t("Submit for review")],
  ["Ctrl+⇧+↵", t("Answered on the call")],
  ["Ctrl+S", t("Keep as accepted")],
  ["Alt+↵", t("Take over the suggestion")],
  ["Alt+K", t("Knowledge base")],
  ["Alt+PageUp / PageDown", t("Next form")],
];

export const nothingOpen = () => html`<div class="tf-none">${icon("wrap_up")}<p>${t("The form opens with the next call.")}</p>
  <dl class="tf-keys">${keys().map(([key, word]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${word}</dd></div>`)}</dl></div>`;
