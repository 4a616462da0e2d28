// The thread of messages between supervisors and an agent's desk, the same on both sides. Texts are shown as text, whatever
// stands in them.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { clockMinute } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";

/**
 * @typedef {{id: number, at: string, agent: string, seat: string | null, by: string, by_name: string, to_desk: boolean,
 *   text: string, deed: string | null, read_at: string | null}} Message
 */

export const LONGEST = 500;

/** What a supervisor did, in words. @param {string} deed */
export function deedWords(deed) {
  switch (deed) {
    case "sign_out":
      return t("You were signed out");
    case "ready":
      return t("Your wrap-up or break was ended");
    case "break":
      return t("You were put on a break");
    default:
      return deed;
  }
}

/**
 * @param {Message[]} messages
 * @param {"floor" | "desk"} side whose screen this is
 */
export const thread = (messages, side) => html`
  <ol class="thread" aria-live="polite">
    ${messages.length
      ? repeat(messages, ({ id }) => id, (message) => bubble(message, side))
      : html`<li class="thread-empty">${t("No messages yet")}</li>`}
  </ol>`;

/** @param {Message} message @param {"floor" | "desk"} side */
function bubble(message, side) {
  const mine = message.to_desk === (side === "floor");
  return html`<li class="bubble" data-mine=${String(mine)} data-deed=${message.deed ?? nothing} data-message=${message.id}>
    <p class="bubble-head"><span>${message.by_name || message.by}</span><time>${clockMinute(message.at)}</time></p>
    ${message.deed ? html`<p class="bubble-deed">${icon("stop")}${deedWords(message.deed)}</p>` : nothing}
    ${message.text ? html`<p class="bubble-text" dir="auto">${message.text}</p>` : nothing}
    ${mine ? html`<p class="bubble-read">${message.read_at ? html`${icon("met")}${message.deed ? t("Acknowledged") : t("Read")}` : t("Unread")}</p>` : nothing}
  </li>`;
}

/**
 * Where one writes: Enter sends, Shift+Enter begins a line.
 * @param {{label: string, busy: boolean, send: (text: string, field: HTMLTextAreaElement) => void}} wanted
 */
export function writer({ label, busy, send }) {
  /** @param {HTMLFormElement} form */
  const submit = (form) => {
    const field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
    if (field.value.trim() && !busy) send(field.value, field);
  };
  return html`<form class="writer" @submit=${(/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      submit(/** @type {HTMLFormElement} */ (event.currentTarget));
    }}>
    <textarea name="text" rows="2" maxlength=${LONGEST} aria-label=${label} placeholder=${label}
      @keydown=${(/** @type {KeyboardEvent} */ event) => {
        // An input method's Enter chooses a word and sends nothing.
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        submit(/** @type {HTMLFormElement} */ (/** @type {HTMLElement} */ (event.target).closest("form")));
      }}></textarea>
    <button class="button small primary" type="submit" ?disabled=${busy}>${t("Send message")}</button>
  </form>`;
}

/** Scroll to the newest message. @param {ParentNode} place */
export function toEnd(place) {
  const list = place.querySelector(".thread");
  if (list) list.scrollTop = list.scrollHeight;
}
