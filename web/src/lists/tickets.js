// The hotline's requests: what has to be decided first, then everything.
import { t } from "../core/i18n.js";
import { may } from "../core/rights.js";
import { WorkList } from "../tickets/work_list.js";

/** @typedef {import("../tickets/work_list.js").Tab} Tab */

/** @param {HTMLElement} main */
export function startTickets(main) {
  const supervises = may("floor.supervise");
  /** @type {Tab[]} */
  const decisions = [
    { name: "web", label: t("Filed on the web"), ask: { state: "accepted", source: "web" }, counts: true },
    { name: "reviewing", label: t("To review"), ask: { state: "reviewing" }, counts: true },
    { name: "to_dispatch", label: t("To dispatch"), ask: { state: "to_dispatch" }, counts: true },
    { name: "returned", label: t("Returns to decide"), ask: { state: "returned" }, counts: true },
    { name: "replied", label: t("Replies to review"), ask: { state: "replied" }, counts: true },
    { name: "pending", label: t("More time asked for"), ask: { pending: "true" }, counts: true },
    { name: "to_close", label: t("To close"), ask: { state: "to_close" }, counts: true },
  ];
  /** @type {Tab[]} */
  const clocks = [
    { name: "soon", label: t("Due soon"), ask: { due: "soon", sort: "due" }, counts: true },
    { name: "overdue", label: t("Overdue"), ask: { due: "overdue", sort: "due" }, counts: true, urgent: true },
  ];
  /** @type {Tab} */
  const mine = { name: "mine", label: t("Accepted by me"), ask: { mine: "true" } };
  /** @type {Tab} */
  const all = { name: "all", label: t("All requests"), ask: {} };
  new WorkList(main, {
    title: t("Tickets"),
    tabs: supervises ? [all, ...decisions, ...clocks, mine] : [all, mine, ...decisions, ...clocks],
    saved: true,
    forUnit: false,
    exports: may("tickets.export"),
    empty: t("No tickets here."),
  });
}
