// Who waits, and for which special desk 专席: the order of the lists, and what a desk is called.
import { html, nothing } from "lit-html";
import { t } from "./i18n.js";
import { live } from "./live.js";

/** @typedef {import("./live.js").Waiting} Waiting */

/** The general queue first, then desk by desk, each in its own line. @param {Waiting[]} waiting */
export const inLine = (waiting) =>
  [...waiting].sort((a, b) => (a.desk ?? "").localeCompare(b.desk ?? "", "en") || a.position - b.position);

export const allDesks = () => live.floor?.desks ?? [];

/** @param {string | null | undefined} name */
export const deskLabel = (name) => allDesks().find((desk) => desk.name === name)?.label ?? name ?? "";

/** What marks whoever waits for a desk, or is on the way to another queue. @param {Waiting} caller */
export function deskChip(caller) {
  if (caller.moving) return html`<span class="chip" data-moving>${t("Being moved")}</span>`;
  return caller.desk ? html`<span class="chip" data-desk=${caller.desk}>${deskLabel(caller.desk)}</span>` : nothing;
}
