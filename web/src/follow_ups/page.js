// The work list of follow-up visits 回访: choose on the left, read and note on the right, all of it by keyboard.
import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { ApiError, request } from "../core/api.js";
import { serverNow } from "../core/clock.js";
import { shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { live } from "../core/live.js";
import { keepFresh } from "../core/refresh.js";
import { may } from "../core/rights.js";
import { chip } from "../lists/chip.js";
import { card, isOpen } from "./card.js";
import { ResultForm } from "./result.js";
import { followUpState, satisfaction } from "./words.js";

/** @typedef {import("./words.js").FollowUp} FollowUp */

/** @param {HTMLElement} main */
export function startFollowUps(main) {
  const { agent = "" } = document.documentElement.dataset;
  const supervises = may("follow_ups.manage");
  /** @type {FollowUp[] | null} */
  let rows = null;
  /** @type {{open: number, due: number, decide: number}} */
  let counts = { open: 0, due: 0, decide: 0 };
  let fault = "";
  let refusal = "";
  let busy = false;
  const asked = new URLSearchParams(location.search);
  let view = asked.get("view") ?? "due";
  /** @type {number | null} */
  let opened = Number(asked.get("follow_up")) || null;

  const views = [
    { name: "due", label: t("May be called now"), count: () => counts.due },
    ...(agent ? [{ name: "mine", label: t("Mine"), count: () => 0 }] : []),
    { name: "open", label: t("All that are owed"), count: () => counts.open },
    ...(supervises ? [{ name: "decide", label: t("For the supervisor"), count: () => counts.decide }] : []),
    { name: "done", label: t("Followed up"), count: () => 0 },
    { name: "unreached", label: t("Not reached"), count: () => 0 },
  ];
  /** The follow-up that is under way at the agent's own seat. */
  const mine = () => Object.values(live.floor?.seats ?? {}).find((seat) => agent && seat.agent === agent)?.follow_up ?? null;

  const load = async () => {
    try {
      const [answer, counted] = await Promise.all([
        request("GET", `/api/v1/follow-ups?view=${encodeURIComponent(view)}&limit=200`),
        request("GET", "/api/v1/follow-ups/counts"),
      ]);
      rows = answer;
      counts = counted;
      fault = "";
      const calling = mine()?.id ?? null;
      if (calling) opened = calling;
      // Whoever is being talked to stays open, on whichever list they stand by now.
      if (opened && !rows?.some(({ id }) => id === opened)) {
        const one = await request("GET", `/api/v1/follow-ups/${opened}`).catch(() => null);
        if (one && (isOpen(one) || calling === opened)) rows = [one, ...(rows ?? [])];
        else opened = null;
      }
      opened ??= rows?.[0]?.id ?? null;
    } catch (error) {
      fault = error instanceof ApiError ? error.message : String(error);
    }
    draw();
  };

  const draw = () => render(page(), main);
  const form = new ResultForm(draw, (row) => {
    const at = rows?.findIndex(({ id }) => id === row.id) ?? -1;
    opened = rows?.[at + 1]?.id ?? rows?.[0]?.id ?? null;
    if (opened === row.id) opened = null;
    void refresh();
  });

  /** @param {string} name */
  const choose = (name) => {
    view = name;
    rows = null;
    opened = null;
    history.replaceState(null, "", `?view=${name}`);
    draw();
    void refresh();
  };

  /** @param {FollowUp} row */
  const dial = async (row) => {
    if (busy) return;
    busy = true;
    refusal = "";
    draw();
    try {
      const after = await request("POST", `/api/v1/follow-ups/${row.id}/dial`, {});
      rows = rows?.map((one) => (one.id === after.id ? after : one)) ?? null;
    } catch (error) {
      refusal = error instanceof ApiError ? [error.message, ...Object.values(error.fields)].join(" ") : String(error);
    }
    busy = false;
    draw();
  };

  const page = () => html`
    <header class="list-head"><h1>${t("Follow-ups")}</h1></header>
    <div class="views" role="group" aria-label=${t("Show")}>${views.map(
      ({ name, label, count }) => html`<button type="button" class="view" aria-pressed=${String(view === name)} data-view=${name}
        @click=${() => choose(name)}>${label}${count() ? html`<b>${count()}</b>` : nothing}</button>`)}</div>
    ${fault ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}${fault}
      <button class="link" type="button" @click=${() => refresh()}>${t("Try again")}</button></p>` : nothing}
    ${rows === null ? (fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`) : rows.length ? work(rows) : html`<p class="empty">${icon("none")}${t("No follow-ups here.")}</p>`}
  `;

  /** @param {FollowUp[]} some */
  const work = (some) => {
    const row = some.find(({ id }) => id === opened) ?? some[0];
    const calling = mine();
    return html`
      <div class="visits">
        <ul class="visit-list" aria-label=${t("Follow-ups")}>${repeat(some, ({ id }) => id, (one) => html`<li>
          <button type="button" aria-current=${String(one.id === row?.id)} ?data-calling=${one.id === calling?.id} @click=${() => open(one.id)}>
            <b>${one.title}</b>
            <span><span class="number">${one.contact_name || one.number || one.ticket}</span>${badge(one)}</span>
            <small>${one.merged ? t("Merged") : (one.unit ?? "")}<time>${isOpen(one) ? when(one) : shortMoment(one.closed_at)}</time></small>
          </button></li>`)}</ul>
        ${row ? card(row, { dial: dialler(row, calling?.id === row.id ? calling.stage : ""), form: mayNote(row) ? form.view(row) : html`<p class="hint visit-wait">${t("What the citizen says is noted here once they have picked up.")}</p>` }) : nothing}
      </div>`;
  };

  /** @param {FollowUp} row */
  const badge = (row) => (row.satisfaction ? chip(satisfaction(row.satisfaction)) : row.redone ? chip([t("Redone"), "warn"]) : row.state === "waiting" ? nothing : chip(followUpState(row.state)));
  /** @param {FollowUp} row */
  const when = (row) => (Date.parse(row.next_at) > serverNow() ? t("from {time}", { time: shortMoment(row.next_at) }) : t("now"));

  /** An agent notes what they heard themselves; a supervisor may always. @param {FollowUp} row */
  const mayNote = (row) => {
    const last = row.attempts[row.attempts.length - 1];
    return supervises || Boolean(last && last.result === "answered" && last.agent === agent);
  };

  /** @param {FollowUp} row @param {string} stage */
  const dialler = (row, stage) => {
    const words = { ringing: t("Your phone rings: pick up"), dialling: t("Dialling the citizen"), talking: t("In the talk") };
    if (stage) return html`<p class="visit-stage" role="status" data-stage=${stage}>${icon("phone")}${words[/** @type {keyof typeof words} */ (stage)] ?? stage}</p>`;
    if (!agent || !isOpen(row) || row.state === "dialling") return nothing;
    return html`<button class="button primary" type="button" ?disabled=${busy || Boolean(row.held) || Boolean(mine())} aria-keyshortcuts="F9"
      @click=${() => dial(row)}>${icon("phone")}${row.attempts.length ? t("Call again") : t("Call the citizen")}<kbd>F9</kbd></button>
      <p class="fault" role="alert">${refusal}</p>`;
  };

  /** @param {number} id */
  const open = (id) => {
    opened = id;
    refusal = "";
    draw();
  };

  document.addEventListener("keydown", (event) => {
    const field = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const at = rows?.findIndex(({ id }) => id === opened) ?? -1;
    if (event.key === "F9") {
      const row = rows?.[at];
      if (row && agent && isOpen(row) && !row.held && !mine()) void dial(row);
    } else if (field) return;
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = rows?.[at + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) open(next.id);
      document.querySelector('.visit-list [aria-current="true"]')?.scrollIntoView({ block: "nearest" });
    } else if (!form.key(event.key)) return;
    event.preventDefault();
  });
  let seen = "";
  live.subscribe(() => {
    const now = JSON.stringify(mine());
    if (now === seen) return;
    seen = now;
    void refresh();
  });
  const refresh = keepFresh(load);
}
