// The chosen seat: what can be done with it, by mouse or by a digit, and the line to its desk.
import { html, nothing } from "lit-html";
import { age } from "../core/clock.js";
import { callerNumber, duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { breakReason, seatState } from "../core/words.js";
import { WAYS, howWords } from "./listening.js";
import { thread, writer } from "./thread.js";

/** @typedef {import("../core/live.js").Seat} Seat */
/** @typedef {import("./floor.js").FloorPage} FloorPage */
/** @typedef {"sign_out" | "ready" | "break"} Deed */

/** @type {() => readonly {deed: Deed, key: string, word: string, states: string[], danger?: boolean}[]} */
export const deeds = () => [
  { deed: "ready", key: "4", word: t("Make ready"), states: ["wrap_up", "break"] },
  { deed: "break", key: "5", word: t("Put on a break"), states: ["ready", "talking", "wrap_up"] },
  { deed: "sign_out", key: "6", word: t("Sign out"), states: ["ready", "break", "wrap_up"], danger: true },
];

/** @param {FloorPage} page @param {number} now */
export function handPanel(page, now) {
  const seat = page.seat;
  if (!seat) {
    return html`<section class="fl-hand fl-hand-none"><p>${icon("people")}${t("Choose a seat: its actions and messages appear here")}</p>
      <p class="hint">${t("Arrow keys go from seat to seat; digits carry out its actions")}</p></section>`;
  }
  return html`<section class="fl-hand" data-state=${seat.state} data-reason=${seat.reason ?? nothing} aria-label=${t("Seat {seat}", { seat: seat.seat })}>
    <header>
      <p class="fl-hand-who"><b>${seat.agent ? seat.name || seat.agent : t("Vacant")}</b><span>${t("Seat")} ${seat.seat}${seat.agent ? ` · ${seat.agent}` : ""}</span></p>
      <p class="fl-hand-state">${icon(seat.state)}${seat.state === "break" && seat.reason ? breakReason(seat.reason)[0] : seatState(seat.state)[0]}
        ${seat.state === "signed_out" ? nothing : html`<time>${duration(age(seat.since, now))}</time>`}</p>
      ${seat.state === "talking" && seat.caller !== null && seat.caller !== undefined ? html`<p class="fl-hand-caller number">${callerNumber(seat.caller)}</p>` : nothing}
    </header>
    ${seat.agent ? actions(page, seat) : nothing}
    ${seat.agent ? html`<div class="fl-thread">
        <h3>${t("Messages to the desk")}
          <a href=${`/agent-day?agent=${encodeURIComponent(seat.agent)}`}>${t("An agent's day")}</a>
          <a href=${`/calls?agent=${encodeURIComponent(seat.agent)}`}>${t("Calls")}</a></h3>
        ${thread(page.messages, "floor")}
        ${writer({ label: t("Write to the desk"), busy: page.busy, send: (text, field) => page.write(text, field) })}
      </div>` : nothing}
  </section>`;
}

/** @param {FloorPage} page @param {Seat} seat */
function actions(page, seat) {
  const talks = seat.state === "talking";
  return html`
    <div class="fl-actions" role="group" aria-label=${t("Listening")}>
      ${WAYS.map(({ how, shape, key }) => html`<button type="button" class="fl-way" data-how=${how} ?disabled=${!talks || page.busy} aria-keyshortcuts=${key}
        @click=${() => page.listen(seat.seat, how)}>${icon(shape)}<span>${howWords(how)}</span><kbd>${key}</kbd></button>`)}
    </div>
    ${talks ? phoneChoice(page) : nothing}
    <div class="fl-actions fl-deeds-of" role="group" aria-label=${t("State of the agent")}>
      ${deeds().map(({ deed, key, word, states, danger }) => html`<button type="button" class="button small ${danger ? "quiet" : ""}" data-deed=${deed}
        ?disabled=${!states.includes(seat.state) || page.busy} aria-keyshortcuts=${key} aria-expanded=${String(page.asking === deed)}
        @click=${() => page.ask(deed)}>${word}<kbd>${key}</kbd></button>`)}
    </div>
    ${page.asking ? askMessage(page, seat, page.asking) : nothing}`;
}

/** Where the supervisor listens: at their own seat, or at a free one. @param {FloorPage} page */
function phoneChoice(page) {
  const own = page.seats.find((seat) => seat.agent && seat.agent === page.agent);
  const free = page.seats.filter((seat) => !seat.agent && seat.phone);
  if (page.mine) return nothing;
  return html`<label class="fl-phone"><span>${t("Your phone")}</span>
    <select name="phone" @change=${(/** @type {Event} */ event) => page.choosePhone(/** @type {HTMLSelectElement} */ (event.target).value)}>
      <option value="" ?selected=${!page.phone}>${own ? t("My own seat {seat}", { seat: own.seat }) : t("As in the settings")}</option>
      ${free.map(({ seat }) => html`<option value=${seat} ?selected=${page.phone === seat}>${t("Seat {seat}", { seat })}</option>`)}
    </select></label>`;
}

/** @param {FloorPage} page @param {Seat} seat @param {Deed} deed */
function askMessage(page, seat, deed) {
  const word = deeds().find((one) => one.deed === deed)?.word ?? deed;
  return html`<form class="fl-ask" @submit=${(/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = /** @type {HTMLFormElement} */ (event.currentTarget);
      void page.act(deed, String(new FormData(form).get("message") ?? ""));
    }}>
    <label><span>${t("What {name} reads about it", { name: seat.name || seat.agent || "" })}</span>
      <input name="message" maxlength="500" autocomplete="off" placeholder=${t("For example: please come back to your seat")}></label>
    <div class="buttons">
      <button class="button small ${deed === "sign_out" ? "danger" : "primary"}" type="submit" ?disabled=${page.busy}>${word}</button>
      <button class="button small quiet" type="button" @click=${() => page.ask("")}>${t("Cancel")}</button>
    </div></form>`;
}
