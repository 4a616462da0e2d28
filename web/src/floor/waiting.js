// The callers who wait, in their order, each with what a supervisor can do for them.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { age } from "../core/clock.js";
import { callerNumber, duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { allDesks, deskChip, inLine } from "../core/waiting.js";
import { seatState } from "../core/words.js";
import { levelOf, levelWords } from "../wallboard/levels.js";

/** @typedef {import("./floor.js").FloorPage} FloorPage */

/** @param {FloorPage} page @param {number} now */
export function waitingPanel(page, now) {
  const { limit = 5, max = 4, waiting = [], in_greeting: greeting = 0 } = page.queue ?? {};
  const inOrder = inLine(waiting);
  const level = levelOf(inOrder.length, limit, max);
  return html`
    <section class="fl-waiting" data-level=${level} aria-labelledby="fl-waiting-title">
      <header>
        <h2 id="fl-waiting-title">${t("Callers waiting")}</h2>
        <p class="fl-count" data-testid="fl-waiting"><b>${page.queue ? inOrder.length : "—"}</b><span>/ ${max}</span></p>
        <p class="fl-level">${levelWords(level, inOrder.length, true)[0]}</p>
        <p class="fl-greeting">${t("In greeting and menu")} <b>${greeting}</b></p>
      </header>
      <ol class="fl-slots">
        ${repeat(inOrder, (caller) => caller.id ?? caller.position, (caller) => slot(page, caller, now))}
        ${Array.from({ length: Math.max(max - inOrder.length, 0) }, (_, at) => html`<li class="fl-slot" data-empty><b>${inOrder.length + at + 1}</b><span>${t("Free place")}</span></li>`)}
      </ol>
    </section>`;
}

/** @param {FloorPage} page @param {import("../core/live.js").Waiting} caller @param {number} now */
function slot(page, caller, now) {
  const waited = age(caller.since, now) ?? 0;
  const { id } = caller;
  return html`<li class="fl-slot" data-call=${id ?? nothing} ?data-long=${waited > 30}>
    <b>${caller.position}</b>
    <p class="fl-slot-who"><strong class="number">${callerNumber(caller.caller)}</strong>${deskChip(caller)}<time>${duration(waited)}</time></p>
    ${id
      ? html`<p class="fl-slot-do">
          <button class="button small" type="button" ?disabled=${page.busy || caller.position === 1} @click=${() => page.moveUp(id)}>${icon("up")}${t("To the front")}</button>
          <button class="button small" type="button" ?disabled=${page.busy} aria-expanded=${String(page.handing === id)}
            @click=${() => page.askAgent(id)}>${icon("hand_over")}${t("To an agent")}</button>
          ${allDesks().length
            ? html`<button class="button small" type="button" ?disabled=${page.busy || caller.moving} aria-expanded=${String(page.sending === id)}
                @click=${() => page.askDesk(id)}>${icon("people")}${t("To another queue")}</button>`
            : nothing}</p>
          ${page.handing === id ? agents(page, id) : nothing} ${page.sending === id ? queues(page, id, caller.desk ?? "") : nothing}`
      : nothing}
  </li>`;
}

/** Whom the caller may go to: whoever has a phone and no call. @param {FloorPage} page @param {string} call */
function agents(page, call) {
  const free = page.seats.filter((seat) => seat.agent && seat.phone && ["ready", "wrap_up", "break"].includes(seat.state));
  return html`<div class="fl-agents" role="group" aria-label=${t("Whose phone shall ring?")}>
    ${free.length ? nothing : html`<p>${t("Nobody is free of a call just now")}</p>`}
    ${free.map((seat) => html`<button class="fl-agent" type="button" data-state=${seat.state} ?disabled=${page.busy} @click=${() => page.handTo(call, seat.agent ?? "")}>
      <b>${seat.seat}</b>${seat.name || seat.agent}<small>${seatState(seat.state)[0]}</small></button>`)}
  </div>`;
}

/** Where the caller may wait on: at a special desk where somebody sits, or in the general queue. @param {FloorPage} page @param {string} call @param {string} now */
function queues(page, call, now) {
  return html`<div class="fl-agents fl-desks" role="group" aria-label=${t("For which desk shall they wait?")}>
    ${now ? html`<button class="fl-agent" type="button" data-desk="" ?disabled=${page.busy} @click=${() => page.sendTo(call, "")}>${t("General queue")}</button>` : nothing}
    ${allDesks().filter(({ name }) => name !== now).map(({ name, label, agents: there }) => html`<button class="fl-agent" type="button" data-desk=${name}
      ?disabled=${page.busy || !there.length} @click=${() => page.sendTo(call, name)}>${label}<small>${there.length
        ? t("{count} signed in", { count: there.length })
        : t("Nobody is signed in")}</small></button>`)}
  </div>`;
}
