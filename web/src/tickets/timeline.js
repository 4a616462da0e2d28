// What has happened to a request, newest first: who, when, what, in whose words; changed texts before and after.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { role as roleWord, ticketKind, ticketState } from "../core/words.js";
import { diffView } from "./diff.js";
import { minuteOf } from "./number.js";
import { sizeOf } from "./uploads.js";
import { fieldName, moveTone, satisfaction, urgency } from "./words.js";

/** @typedef {import("./types.js").Ticket} Ticket */
/** @typedef {import("./types.js").Entry} Entry */

/** Steps shown before somebody asks for all. */
const SHOWN = 30;
/** What the step's own line says already. */
const SAID = new Set(["state", "version"]);
const MOMENT = /^\d{4}-\d\d-\d\dT/;

/** @param {Entry["unit"]} unit */
export const unitName = (unit) => (typeof unit === "string" ? unit : unit?.name ?? "");

/** Who did it, as people say it. @param {Entry} entry */
export function whoOf({ who, name, role, unit }) {
  if (role === "system") return t("The hotline itself");
  if (role === "citizen") return t("The citizen");
  if (role === "city") return t("City platform");
  return [unitName(unit) || roleWord(role)[0], name ?? who].filter(Boolean).join(" ");
}

/** @param {Ticket} ticket @param {{all: boolean, showAll: () => void, fresh: number}} how entries after the id `fresh` are new to the reader */
export function timeline(ticket, { all, showAll, fresh }) {
  const entries = [...(ticket.entries ?? [])].reverse();
  const shown = all ? entries : entries.slice(0, SHOWN);
  return html`<section class="panel history" aria-labelledby="history-title">
    <h2 id="history-title">${t("History")} <small>${t("{count} steps", { count: entries.length })}</small></h2>
    <ol>${repeat(shown, ({ id }) => id, (entry) => step(ticket, entry, entry.id > fresh))}</ol>
    ${shown.length < entries.length
      ? html`<p class="more"><button class="button small" type="button" @click=${showAll}>${t("Show {count} earlier steps", { count: entries.length - shown.length })}</button></p>`
      : nothing}
  </section>`;
}

/** @param {Ticket} ticket @param {Entry} entry @param {boolean} fresh */
function step(ticket, entry, fresh) {
  const tone = moveTone(entry.move);
  const files = (ticket.attachments ?? []).filter(({ id }) => entry.attachments?.includes(id));
  const moved = entry.from_state !== entry.to_state;
  return html`<li class="entry" data-tone=${tone} data-fresh=${String(fresh)} data-move=${entry.move}>
    <header><b>${entry.label}</b>${moved ? html`<span class="entry-to">→ ${ticketState(entry.to_state)[0]}</span>` : nothing}
      ${fresh ? html`<span class="chip" data-tone="warn">${t("New")}</span>` : nothing}
      <span class="entry-by">${whoOf(entry)} <time datetime=${entry.at}>${minuteOf(entry.at)}</time></span></header>
    ${entry.words ? html`<p class="entry-words">${entry.words}</p>` : nothing}
    ${changesView(entry.changes ?? {})}
    ${files.length ? html`<ul class="files">${files.map(file)}</ul>` : nothing}
  </li>`;
}

/** @param {Record<string, [unknown, unknown]>} changes */
function changesView(changes) {
  const rows = Object.entries(changes).filter(([name, pair]) => !SAID.has(name) && Array.isArray(pair));
  if (!rows.length) return nothing;
  return html`<dl class="changes">${rows.map(([name, [before, after]]) => html`<div><dt>${fieldName(name)[0]}</dt><dd>${change(name, before, after)}</dd></div>`)}</dl>`;
}

/** @param {string} name @param {unknown} before @param {unknown} after */
function change(name, before, after) {
  const long = (/** @type {unknown} */ text) => typeof text === "string" && text.length > 12 && !MOMENT.test(text);
  if (long(before) && long(after)) return diffView(String(before), String(after));
  const [was, is] = [said(name, before), said(name, after)];
  return html`${was ? html`<del>${was}</del> → ` : nothing}${is ? html`<ins>${is}</ins>` : html`<ins>${t("(empty)")}</ins>`}`;
}

/** @param {string} name @param {unknown} value */
function said(name, value) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "boolean") return value ? t("it is so") : t("it is not so");
  const text = String(value);
  if (name === "urgency") return urgency(text)[0];
  if (name === "satisfaction") return satisfaction(text)[0];
  if (name === "kind") return ticketKind(text)[0];
  if (name === "state") return ticketState(text)[0];
  if (name === "pending") return t("More time");
  return MOMENT.test(text) ? minuteOf(text) : text;
}

/** @param {import("./types.js").File} file */
export const file = ({ id, name, bytes }) => html`<li><a href="/api/v1/attachments/${id}" download>${icon("clip")}<span>${name}</span></a><small class="hint">${sizeOf(bytes)}</small></li>`;
