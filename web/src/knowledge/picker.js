// The knowledge base within another form: find, read, take into the answer, call out of date.
import { html, nothing, render } from "lit-html";
import { ApiError } from "../core/api.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { reading, used, warnings } from "./articles.js";
import { Finding } from "./finding.js";
import { Flagging } from "./flagging.js";

const SHOWN = 8;

/**
 * Show the picker in `host`.
 * @param {HTMLElement} host
 * @param {{insert: (text: string, article: import("./articles.js").Whole) => void, ticket?: () => string | null, q?: string}} options
 *   `insert` takes the text of an article; `ticket` names what it is used for (a ticket's number, or the form's id), so that it
 *   counts once; `q` is asked for at first
 * @returns {{ask: (q: string) => void, focus: () => void}}
 */
export function mountPicker(host, { insert, ticket, q = "" }) {
  let told = "";
  const draw = () => render(view(), host);
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
    },
  });

  /** @param {import("./articles.js").Whole} article */
  const take = async (article) => {
    insert(article.body, article);
    told = t("Taken into the answer.");
    draw();
    try {
      const after = await used(article.id, ticket?.() ?? null);
      if (finding.article?.id === after.id) finding.article = after;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // the answer has its text; only the count is missing
    }
    draw();
  };

  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && finding.article) {
      event.preventDefault();
      event.stopPropagation();
      void take(finding.article);
    }
  };

  const view = () => html`
    <div class="article-picker" @keydown=${keys}>
      ${finding.box("knowledge-q")}
      ${finding.results("knowledge-q", t("The knowledge base is empty."))}
      ${finding.article
        ? html`<article class="article-preview" aria-label=${finding.article.title}>
            <h3>${finding.article.title} ${warnings(finding.article)}</h3>
            ${reading(finding.article, finding.q)}
            ${flagging.form(finding.article)}
            <p class="buttons"><button class="button primary small" type="button" @click=${() => finding.article && take(finding.article)}>${t("Take into the answer")} <kbd>Ctrl ↵</kbd></button>
              ${flagging.button(finding.article)}</p>
          </article>`
        : nothing}
      <div role="status">${told ? html`<p class="notice" data-tone="good">${icon("met")}${told}</p>` : nothing}</div>
    </div>
  `;

  finding.q = q;
  draw();
  void finding.ask();
  return {
    ask: (words) => finding.typed(words),
    focus: () => host.querySelector("input")?.focus(),
  };
}
