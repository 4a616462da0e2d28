// Articles of the knowledge base 知识库: asking for them, and how they read wherever they are shown.
import { html, nothing } from "lit-html";
import { request } from "../core/api.js";
import { shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { chip } from "../lists/chip.js";

/** @typedef {{code: string, name: string}} Named */
/**
 * @typedef {{id: number, title: string, keywords: string, excerpt: string, unit: Named | null, valid_from: string | null,
 *   valid_until: string | null, expired: boolean, state: string, version: number, used: number, changed_at: string, changed_by: string,
 *   flagged_at: string | null, flagged_by: string | null, flag_note: string | null}} Article
 */
/**
 * @typedef {{version: number, at: string, who: string, title: string, keywords: string, body: string, unit: Named | null,
 *   valid_from: string | null, valid_until: string | null, state: string}} Version
 */
/** @typedef {Article & {body: string, versions: Version[]}} Whole */

const URL_ = "/api/v1/knowledge";

/** @param {Record<string, string>} query @returns {Promise<{rows: Article[], more: boolean}>} */
export const found = (query) => request("GET", `${URL_}?${new URLSearchParams(query)}`);
/** @param {number} id @returns {Promise<Whole>} */
export const whole = (id) => request("GET", `${URL_}/${id}`);
/** @param {number} id @param {string | null} ticket @returns {Promise<Whole>} */
export const used = (id, ticket) => request("POST", `${URL_}/${id}/used`, ticket ? { ticket } : {});
/** @param {number} id @param {string} note @returns {Promise<Whole>} */
export const outdated = (id, note) => request("POST", `${URL_}/${id}/outdated`, { note });
/** @param {Record<string, unknown>} fields @returns {Promise<Whole>} */
export const added = (fields) => request("POST", URL_, fields);
/** @param {Whole} article @param {Record<string, unknown>} fields @returns {Promise<Whole>} */
export const changed = (article, fields) => request("PATCH", `${URL_}/${article.id}`, { version: article.version, ...fields });

/** What must be known before anybody reads it out. @param {Article} article */
export const warnings = (article) => [
  article.expired ? chip([t("Not valid now"), "bad"]) : nothing,
  article.flagged_at ? chip([t("Called out of date"), "warn"]) : nothing,
  article.state === "draft" ? chip([t("Draft"), "note"]) : nothing,
  article.state === "withdrawn" ? chip([t("Withdrawn"), "dim"]) : nothing,
];

/** The words that were asked for, marked. @param {string} text @param {string} q */
export function marked(text, q) {
  const words = q.split(/[\s"“”]+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!words.length) return text;
  return text.split(new RegExp(`(${words.join("|")})`, "gi")).map((part, at) => (at % 2 ? html`<mark>${part}</mark>` : part));
}

/** @param {Article} article */
export const validity = ({ valid_from: from, valid_until: until }) => {
  if (from && until) return t("{from} to {until}", { from, until });
  if (until) return t("until {until}", { until });
  return from ? t("from {from}", { from }) : t("without end");
};

/** One of the articles found. @param {Article} article @param {string} q @param {boolean} chosen @param {() => void} choose */
export const item = (article, q, chosen, choose) => html`
  <li role="option" id="article-${article.id}" class="article-item" aria-selected=${String(chosen)} ?data-expired=${article.expired} @click=${choose}>
    <h3><b>${marked(article.title, q)}</b>${warnings(article)}</h3>
    <p>${marked(article.excerpt, q)}</p>
    <small><span>${article.unit?.name ?? t("No unit")}</span><span>${validity(article)}</span><span>${t("used {count} times", { count: article.used })}</span></small>
  </li>
`;

/** The text and what is known of it. @param {Whole} article @param {string} q */
export const reading = (article, q) => html`
  ${article.expired ? html`<p class="notice" data-tone="bad" role="note">${icon("warn")}${t("This article is not valid today ({validity}). Do not answer from it without asking.", { validity: validity(article) })}</p>` : nothing}
  ${article.flagged_at
    ? html`<p class="notice" data-tone="warn" role="note">${icon("warn")}<span>${t("{who} called it out of date on {when}:", { who: article.flagged_by ?? "", when: shortMoment(article.flagged_at) })} ${article.flag_note}</span></p>`
    : nothing}
  <div class="article-text">${article.body.split(/\n{2,}/).map((part) => html`<p>${marked(part, q)}</p>`)}</div>
  <dl class="article-facts">
    <div><dt>${t("Responsible unit")}</dt><dd>${article.unit?.name ?? "—"}</dd></div>
    <div><dt>${t("Valid")}</dt><dd>${validity(article)}</dd></div>
    <div><dt>${t("Used in answers")}</dt><dd>${article.used}</dd></div>
    <div><dt>${t("Last changed")}</dt><dd>${shortMoment(article.changed_at)} · ${article.changed_by}</dd></div>
  </dl>
`;
