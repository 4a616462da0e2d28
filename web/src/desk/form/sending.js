// A form on its way to becoming a ticket: sent until the server has answered, and one ticket however often that is.
import { ApiError, request } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { inTime } from "./draft.js";

const RETRY_MS = [1000, 2000, 4000];
const PATIENCE_MS = 15_000;

/** @typedef {import("./form.js").TicketForm} TicketForm */
/** @typedef {import("./form.js").Then} Then */
/** @typedef {{number: string, title: string, then: Then | "join", trouble: string}} Sent */

/** Whether it may succeed when it is simply sent again. @param {unknown} error */
const passing = (error) => error instanceof ApiError && (error.status === 0 || error.status >= 500);

/**
 * Send `form`; whatever goes wrong, what was typed stays.
 * @param {TicketForm} form
 * @param {Then} then
 * @returns {Promise<Sent | null>} null when it was not sent, and the form says why
 */
export async function send(form, then) {
  if (form.sending || form.draft.sent) return null;
  form.fault = "";
  form.faults = form.check(then);
  if (Object.keys(form.faults).length) return null;
  const sending = (form.sending = { then, attempt: 0, trouble: "" });
  const order = form.order(then);
  form.about.draw();
  await form.draft.pause();
  for (;;) {
    if (form.sending !== sending) return null; // stopped, to change something
    sending.attempt += 1;
    try {
      const ticket = await inTime(request("POST", "/api/v1/tickets", order), PATIENCE_MS);
      return await arrived(form, then, ticket);
    } catch (error) {
      if (form.sending !== sending) return null;
      if (!passing(error)) return resumed(form, error);
      sending.trouble = error instanceof Error ? error.message : String(error);
      form.about.draw();
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(sending.attempt, RETRY_MS.length) - 1]));
  }
}

/** @param {TicketForm} form @param {unknown} error */
function resumed(form, error) {
  form.sending = null;
  form.faults = error instanceof ApiError ? error.fields : {};
  form.fault = error instanceof Error ? error.message : String(error);
  form.draft.resume();
  return null;
}

/** Texts are the same whatever stands between their words. @param {unknown} text */
const bare = (text) => String(text ?? "").replace(/\s+/g, "");

/** @param {TicketForm} form @param {Then} then @param {any} ticket @returns {Promise<Sent | null>} */
async function arrived(form, then, ticket) {
  form.sending = null;
  const now = form.order(then);
  // An earlier sending had arrived, and then something was changed: those words are in no ticket yet.
  if (bare(ticket.description) !== bare(now.description) || bare(ticket.title) !== bare(now.title)) {
    form.draft.sent = ticket.number;
    form.fault = t("It was accepted with an earlier text; take over what is new into the request.");
    return null;
  }
  const trouble = form.fields["merge_into"] ? await merge(ticket, form.fields["merge_into"], form.draft.id) : "";
  await form.draft.end();
  return { number: ticket.number, title: ticket.title, then, trouble };
}

/** @param {any} ticket @param {string} main @param {string} id @returns {Promise<string>} why not, or "" */
async function merge(ticket, main, id) {
  try {
    await inTime(request("POST", `/api/v1/tickets/${ticket.number}/moves/merge`, { version: ticket.version, request_id: `${id}-merge`, main }));
    return "";
  } catch (error) {
    return t("It was not merged: {reason}", { reason: error instanceof Error ? error.message : String(error) });
  }
}

/**
 * Add what was typed to a request that is there, as a comment, in place of a new one.
 * @param {TicketForm} form @param {string} number
 * @returns {Promise<Sent | null>}
 */
export async function join(form, number) {
  if (form.sending) return null;
  form.sending = { then: "keep", attempt: 1, trouble: "" };
  form.fault = "";
  form.about.draw();
  await form.draft.pause();
  const { title = "", description = "", contact_name: name, contact_phone: phone } = form.fields;
  const words = [t("The citizen called again."), title.trim(), description.trim(), [name, phone].filter(Boolean).join(" ")].filter(Boolean).join("\n");
  try {
    for (let attempt = 1; ; attempt += 1) {
      const { version, title: its } = await inTime(request("GET", `/api/v1/tickets/${number}`));
      try {
        await inTime(request("POST", `/api/v1/tickets/${number}/moves/comment`, { version, request_id: form.draft.id, words }));
        form.sending = null;
        await form.draft.discard();
        return { number, title: its, then: "join", trouble: "" };
      } catch (error) {
        // It has moved meanwhile; a comment minds nothing of that.
        if (attempt === 3 || !(error instanceof ApiError && error.status === 409 && error.fields["version"])) throw error;
      }
    }
  } catch (error) {
    return resumed(form, error);
  }
}
