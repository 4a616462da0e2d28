// A member unit's own work: what it has to sign for, to answer, and what it has answered.
import { t } from "../core/i18n.js";
import { WorkList } from "./work_list.js";

/** @param {HTMLElement} main */
export function startUnit(main) {
  new WorkList(main, {
    title: t("Our requests"),
    tabs: [
      { name: "open", label: t("To do"), ask: { part: "lead", state: "dispatched,handling", sort: "due" } },
      { name: "sign", label: t("To sign for"), ask: { part: "lead", state: "dispatched", sort: "due" }, counts: true },
      { name: "handling", label: t("In hand"), ask: { part: "lead", state: "handling", sort: "due" }, counts: true },
      { name: "soon", label: t("Due soon"), ask: { part: "lead", due: "soon", sort: "due" }, counts: true },
      { name: "overdue", label: t("Overdue"), ask: { part: "lead", due: "overdue", sort: "due" }, counts: true, urgent: true },
      { name: "returned", label: t("Returns being decided"), ask: { part: "lead", state: "returned" }, counts: true },
      { name: "helping", label: t("Helping"), ask: { part: "helper", state: "dispatched,handling", sort: "due" }, counts: true },
      { name: "answered", label: t("Already answered"), ask: { state: "replied,follow_up,to_close,closed,archived" } },
      { name: "all", label: t("All requests"), ask: {} },
    ],
    saved: false,
    forUnit: true,
    exports: true,
    empty: t("Nothing here. Whatever is dispatched to your unit appears by itself."),
  });
}
