// The agent's end of the line to the supervisors, on every page: what was done to their state stands above everything until
// it is acknowledged; messages open in a corner.
import { html, nothing, render } from "lit-html";
import { request } from "../core/api.js";
import { clockMinute } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { live } from "../core/live.js";
import { may } from "../core/rights.js";
import { deedWords, thread, toEnd, writer } from "../floor/thread.js";

/** @typedef {import("../floor/thread.js").Message} Message */

export function startDeskMessages() {
  const place = document.getElementById("desk-messages");
  const agent = document.documentElement.dataset.agent ?? "";
  if (!place || !agent) return;
  // A supervisor's own thread would be a line to themselves.
  const withLine = !may("floor.supervise");
  /** @type {Message[]} */
  let messages = [];
  let open = false;
  let busy = false;
  let fault = "";

  const unread = () => messages.filter((one) => one.to_desk && !one.read_at);
  const load = async () => {
    const found = await request("GET", `/api/v1/desk-messages?agent=${encodeURIComponent(agent)}`).catch(() => null);
    if (!found?.messages) return;
    messages = found.messages;
    draw();
  };
  /** @param {number} until @param {boolean} acknowledged */
  const read = async (until, acknowledged) => {
    await request("POST", "/api/v1/desk-messages/read", { until, deeds: acknowledged }).catch(() => null);
  };
  /** What is seen is read; what was done waits for its own button. */
  const seen = () => {
    const last = unread().filter((one) => !one.deed).pop();
    if (last && open && !document.hidden) void read(last.id, false);
  };
  const toggle = () => {
    open = !open;
    draw();
    if (!open) return;
    toEnd(place);
    seen();
    /** @type {HTMLElement | null} */ (place.querySelector("textarea"))?.focus();
  };
  /** @param {string} text @param {HTMLTextAreaElement} field */
  const send = async (text, field) => {
    busy = true;
    draw();
    try {
      await request("POST", "/api/v1/desk-messages", { text });
      field.value = "";
      fault = "";
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
    }
    busy = false;
    draw();
    field.focus();
  };

  const draw = () => {
    const waiting = unread();
    const done = waiting.filter((one) => one.deed);
    const count = waiting.length - done.length;
    render(
      html`
        ${done.map((one) => html`<div class="deed" role="alertdialog" aria-label=${deedWords(one.deed ?? "")} data-message=${one.id}>
          ${icon("stop")}
          <p><b>${deedWords(one.deed ?? "")}</b><small>${one.by_name || one.by} · ${clockMinute(one.at)}</small>
            ${one.text ? html`<span dir="auto">${one.text}</span>` : nothing}</p>
          <button class="button primary" type="button" @click=${() => read(one.id, true)}>${t("Understood")}</button>
        </div>`)}
        ${withLine
          ? html`<div class="line" data-open=${String(open)}>
              ${open ? html`<section class="line-box" aria-label=${t("Line to the supervisor")}>
                <header><h2>${t("Line to the supervisor")}</h2><button class="link" type="button" @click=${toggle}>${t("Close")}</button></header>
                ${fault ? html`<p class="fault" role="alert">${fault}</p>` : nothing}
                ${thread(messages, "desk")}${writer({ label: t("Write to the supervisor"), busy, send })}
              </section>` : nothing}
              <button class="line-button" type="button" aria-expanded=${String(open)} data-unread=${String(count > 0)} @click=${toggle}>
                ${icon("message")}<span>${t("Supervisor")}</span>${count ? html`<b>${count}</b>` : nothing}</button>
            </div>`
          : nothing}
        <p class="sr-only" role="status">${count ? t("{count} new messages", { count }) : ""}</p>`,
      place,
    );
  };

  live.onNews("snapshot", () => void load());
  live.onNews("message", (/** @type {Message} */ message) => {
    if (message.agent !== agent || messages.some(({ id }) => id === message.id)) return;
    messages = [...messages, message];
    if (message.to_desk && !message.deed && !may("floor.supervise")) open = true;
    draw();
    toEnd(place);
    seen();
  });
  live.onNews("read", ({ agent: whose, ids }) => {
    if (whose !== agent) return;
    const at = new Date(live.now).toISOString();
    messages = messages.map((one) => (ids.includes(one.id) ? { ...one, read_at: at } : one));
    draw();
  });
  document.addEventListener("visibilitychange", seen);
  live.subscribe(() => {});
  draw();
}
