// 市级平台: messages to the city that are on their way or stuck, with why; a supervisor sends one again or gives it up.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { chip } from "../lists/chip.js";
import { startList } from "../lists/list.js";

/** @typedef {{id: number, message_id: string, kind: string, number: string, title: string, made_at: string, next_at?: string | null, attempts: number,
 *   error?: string | null, refused: boolean, stuck: boolean, sent_at?: string | null, given_up_at?: string | null, given_up_by?: string | null, reason?: string | null}} Message */
/** @typedef {{on: boolean, url: string, stuck: number, received: {message_id: string, kind: string, number?: string | null, received_at: string}[]}} State */

const URL_ = "/api/v1/city/outbox";

/** @param {HTMLElement} main */
export function startInterchange(main) {
  /** @type {State | null} */
  let state = null;
  let fault = "";
  let told = "";
  let leaving = 0;

  const look = async () => {
    try {
      state = await request("GET", "/api/v1/city");
    } catch (error) {
      fault = error instanceof ApiError ? error.message : String(error);
    }
    page.draw();
  };

  /** @param {() => Promise<string>} work returns what to say when it was done */
  const attempt = async (work) => {
    fault = told = "";
    try {
      told = await work();
      leaving = 0;
    } catch (error) {
      fault = error instanceof ApiError ? error.message : String(error);
    }
    page.refresh();
    await look();
  };

  /** @param {Message} message */
  const again = ({ id, number }) =>
    attempt(async () => {
      await request("POST", `${URL_}/${id}/retry`, {});
      return t("The message about {number} is sent again now.", { number });
    });

  /** @param {SubmitEvent} event @param {Message} message */
  const giveUp = (event, { id, number }) => {
    event.preventDefault();
    const reason = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("reason") ?? "").trim();
    void attempt(async () => {
      await request("POST", `${URL_}/${id}/give-up`, { reason });
      return t("The message about {number} is not sent any more.", { number });
    });
  };

  /** @param {Message} message */
  const deeds = (message) => {
    if (message.sent_at || message.given_up_at) return "—";
    if (leaving === message.id) {
      return html`<form class="buttons" @submit=${(/** @type {SubmitEvent} */ event) => giveUp(event, message)}>
        <input name="reason" required minlength="2" maxlength="500" aria-label=${t("Reason")} placeholder=${t("Reason")} autocomplete="off">
        <button class="button danger small">${t("Give up")}</button>
        <button class="button quiet small" type="button" @click=${() => { leaving = 0; page.draw(); }}>${t("Cancel")}</button></form>`;
    }
    return html`<span class="buttons"><button class="button small" type="button" @click=${() => again(message)}>${t("Send again")}</button>
      <button class="button quiet small" type="button" @click=${() => { leaving = message.id; page.draw(); }}>${t("Give up")}</button></span>`;
  };

  const top = () => {
    const last = state?.received[0];
    return html`
    <section class="panel interchange-state">
      ${state === null ? nothing : state.on
        ? html`<p>${chip([t("Set up"), "good"])} <span class="hint">${state.url || t("Only receives")}</span></p>`
        : html`<p>${chip([t("Not set up"), "dim"])} <span class="hint">${t("Set [interchange] url and key_file in callcenter.toml to exchange tickets with the city platform.")}</span></p>`}
      ${state?.stuck ? html`<p class="notice" data-tone="bad">${icon("warn")}${t("{count} messages are stuck and need you.", { count: state.stuck })}</p>` : nothing}
      ${last ? html`<p class="hint">${t("Last received: {kind} {number}, {time}", { kind: kindOf(last.kind), number: last.number ?? "", time: shortMoment(last.received_at) })}</p>` : nothing}
      <div role="alert">${fault ? html`<p class="notice" data-tone="bad">${icon("warn")}${fault}</p>` : nothing}</div>
      <div role="status">${told ? html`<p class="notice" data-tone="good">${icon("met")}${told}</p>` : nothing}</div>
    </section>`;
  };

  const page = startList(main, /** @type {import("../lists/list.js").Listing<Message>} */ ({
    title: t("City platform"),
    url: URL_,
    empty: t("No message is on its way."),
    key: ({ id }) => id,
    attention: ({ stuck }) => stuck,
    top: () => top(),
    filters: [{ name: "which", label: t("Show"), options: [["open", t("On their way")], ["stuck", t("Stuck")], ["all", t("All")]] }],
    columns: [
      { name: t("Ticket"), cell: ({ number, title }) => html`<a href="/tickets/${number}"><b class="number">${number}</b></a> <span class="cell-wide">${title}</span>` },
      { name: t("Message"), cell: ({ kind }) => kindOf(kind) },
      { name: t("Written"), kind: "time", cell: ({ made_at: at }) => shortMoment(at) },
      { name: t("State"), cell: (message) => chip(stateOf(message)) },
      { name: t("Tries"), kind: "number", cell: ({ attempts }) => attempts },
      { name: t("What it met"), cell: ({ error, reason, given_up_by: by }) => (reason ? html`<span class="cell-wide">${by}: ${reason}</span>` : error ? html`<span class="cell-wide">${error}</span>` : "—") },
      { name: t("What to do"), cell: deeds },
    ],
  }));
  void look();
}

/** @param {string} kind */
const kindOf = (kind) =>
  ({ ticket: t("Ticket"), progress: t("Progress"), remind: t("Reminder"), withdraw: t("Withdrawal"), result: t("Result") })[kind] ?? kind;

/** @param {Message} message @returns {import("../core/words.js").Word} */
function stateOf({ sent_at: sent, given_up_at: given, refused, stuck }) {
  if (sent) return [t("Confirmed"), "good"];
  if (given) return [t("Given up"), "dim"];
  if (refused) return [t("Turned down"), "bad"];
  return stuck ? [t("Stuck"), "bad"] : [t("On its way"), "warn"];
}
