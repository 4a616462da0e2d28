import { html } from "lit-html";
import { callerNumber, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { ticketKind, ticketState } from "../core/words.js";
import { chip } from "./chip.js";
import { startList } from "./list.js";

/** @typedef {{number: string, kind: string, state: string, caller: string, unit?: string, title?: string, opened_at: string,
 *   due_at?: string, closed_at?: string}} Ticket */

/** @param {HTMLElement} main */
export function startTickets(main) {
  /** @type {import("./list.js").Listing<Ticket>} */
  const listing = {
    title: t("Tickets"),
    url: "/api/v1/tickets",
    empty: t("No tickets here."),
    key: (ticket) => ticket.number,
    attention: (ticket, now) => !ticket.closed_at && Date.parse(ticket.due_at ?? "") < now,
    filters: [
      { name: "day", label: t("Day"), type: "date" },
      { name: "state", label: t("State"), options: ticketState.all().map(([value, [word]]) => [value, word]) },
      { name: "caller", label: t("Caller") },
    ],
    columns: [
      { name: t("Number"), cell: (ticket) => html`<b class="number">${ticket.number}</b>` },
      { name: t("Kind"), cell: (ticket) => ticketKind(ticket.kind)[0] },
      { name: t("Subject"), cell: (ticket) => ticket.title || "—" },
      { name: t("State"), cell: (ticket) => chip(ticketState(ticket.state)) },
      { name: t("Caller"), cell: (ticket) => callerNumber(ticket.caller) },
      { name: t("Unit"), cell: (ticket) => ticket.unit ?? "—" },
      { name: t("Opened"), kind: "time", cell: (ticket) => shortMoment(ticket.opened_at) },
      { name: t("Due"), kind: "time", cell: (ticket) => shortMoment(ticket.due_at) },
      { name: t("Closed at"), kind: "time", cell: (ticket) => shortMoment(ticket.closed_at) },
    ],
  };
  startList(main, listing);
}
