// The knowledge base 知识库: what was found on the left, what is read on the right.
import { html, nothing, render } from "lit-html";
import { ApiError } from "../core/api.js";
import { shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { may } from "../core/rights.js";
import { changed, reading, validity, warnings } from "./articles.js";
import { Editor } from "./editor.js";
import { Finding } from "./finding.js";
import { Flagging } from "./flagging.js";

/** @typedef {import("./articles.js").Whole} Whole */

const SHOWN = 50;

/** @param {HTMLElement} main */
export function startKnowledge(main) {
  const writes = may("knowledge.write");
  let told = "";
  const draw = () => render(page(), main);
  const flagging = new Flagging(draw, (article) => {
    finding.article = article;
    told = t("The supervisors will see it. Thank you.");
    void finding.ask(true);
  });
  const finding = new Finding(draw, {
    limit: SHOWN,
    opened: () => {
      told = "";
      flagging.reset();
      remember();
    },
  });
  const editor = new Editor(draw, (article) => {
    if (article) {
      finding.article = article;
      told = t("Saved as version {version}.", { version: article.version });
      remember();
      void finding.ask(true);
    }
    draw();
  });

  /** What is shown stands in the address, so that it can be sent to a colleague. */
  const remember = () => {
    const query = new URLSearchParams();
    if (finding.q) query.set("q", finding.q);
    if (finding.view !== "all") query.set("view", finding.view);
    if (finding.article) query.set("article", String(finding.article.id));
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  };

  /** @param {string} view */
  const choose = (view) => {
    finding.view = view;
    finding.article = null;
    finding.rows = null;
    draw();
    void finding.ask().then(remember);
  };

  /** Nothing but the flag goes: the article still holds. @param {Whole} article */
  const stillHolds = async (article) => {
    try {
      finding.article = await changed(article, {});
      told = t("Noted that it still holds.");
    } catch (error) {
      finding.fault = error instanceof ApiError ? error.message : String(error);
    }
    void finding.ask(true);
    draw();
  };

  const views = () => [
    ["all", t("All")],
    ["flagged", t("Called out of date")],
    ["expiring", t("Ending or ended")],
    ...(writes ? [["draft", t("Drafts")], ["withdrawn", t("Withdrawn")]] : []),
  ];

  const page = () => html`
    <header class="list-head">
      <h1>${t("Knowledge")}</h1>
      ${finding.box("knowledge-q")}
      <p class="list-state"><span class="keys"><kbd>/</kbd> ${t("search")}</span><span class="keys"><kbd>↑</kbd> <kbd>↓</kbd> ${t("choose")}</span>
        ${writes ? html`<button class="button primary" type="button" @click=${() => editor.begin(null)}>${t("New article")}</button>` : nothing}</p>
    </header>
    <div class="views" role="group" aria-label=${t("Show")}>${views().map(
      ([name = "", label]) => html`<button type="button" class="view" aria-pressed=${String(finding.view === name)} data-view=${name} @click=${() => choose(name)}>${label}</button>`)}</div>
    <div role="status">${told ? html`<p class="notice" data-tone="good">${icon("met")}${told}</p>` : nothing}</div>
    <div class="knowledge">
      <section class="knowledge-found" aria-label=${t("Articles found")}>${finding.results("knowledge-q", t("No articles here."))}</section>
      <section class="knowledge-read">${editor.open ? editor.view() : finding.article ? read(finding.article) : html`<p class="empty knowledge-none">${t("Choose an article to read it here.")}</p>`}</section>
    </div>
  `;

  /** @param {Whole} article */
  const read = (article) => html`
    <article class="panel article">
      <header><h2>${article.title}</h2><span>${warnings(article)}</span></header>
      ${article.keywords ? html`<p class="article-keywords">${article.keywords}</p>` : nothing}
      ${reading(article, finding.q)}
      ${flagging.form(article)}
      <p class="buttons">
        ${writes ? html`<button class="button" type="button" @click=${() => editor.begin(article)}>${t("Change")}</button>` : nothing}
        ${writes && article.flagged_at ? html`<button class="button" type="button" @click=${() => stillHolds(article)}>${t("It still holds")}</button>` : nothing}
        ${flagging.button(article)}
      </p>
      ${article.versions.length > 1
        ? html`<details class="article-history"><summary>${t("Earlier versions")} (${article.versions.length - 1})</summary>
            <ol>${article.versions.slice(1).map((one) => html`<li>
              <h3>${t("Version {version}", { version: one.version })} <small>${shortMoment(one.at)} · ${one.who} · ${one.unit?.name ?? "—"} · ${validity(/** @type {any} */ (one))}</small></h3>
              <b>${one.title}</b><div class="article-text">${one.body}</div></li>`)}</ol></details>`
        : nothing}
    </article>
  `;

  document.addEventListener("keydown", (event) => {
    const typing = /** @type {Element} */ (event.target).closest?.("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      /** @type {HTMLInputElement | null} */ (document.getElementById("knowledge-q"))?.select();
    }
  });

  const asked = new URLSearchParams(location.search);
  finding.q = asked.get("q") ?? "";
  finding.view = views().some(([name]) => name === asked.get("view")) ? (asked.get("view") ?? "all") : "all";
  draw();
  void finding.ask(true);
  if (Number(asked.get("article")) > 0) void finding.open(Number(asked.get("article")));
  document.getElementById("knowledge-q")?.focus();
}
