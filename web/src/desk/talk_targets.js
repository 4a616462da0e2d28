// Whom to call into a talk: colleagues at their seats, a unit's telephone, or any number by right.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { may } from "../core/rights.js";
import { seatState } from "../core/words.js";
import { telephones } from "../tickets/reference_data.js";

/** @typedef {{kind: "seat" | "unit" | "outside", number: string, name: string, note: string, tone: string, free: boolean}} Target */
/** @typedef {"consult" | "transfer" | "three_way"} Mode */

/** So many of a list are offered; who looks for another types. */
const SHOWN = 6;
const DIALABLE = /^\+?[0-9]{3,20}$/;

export class TargetPicker {
  /** @type {Mode} */
  mode = "consult";
  sought = "";
  /** @type {{code: string, name: string, phone: string}[]} */
  #units = [];

  /** @param {import("./desk.js").Desk} desk @param {(third: {kind: string, number: string, mode: Mode}) => void} chosen */
  constructor(desk, chosen) {
    this.desk = desk;
    this.chosen = chosen;
  }

  open() {
    this.sought = "";
    this.mode = "consult";
    void telephones().then((units) => { this.#units = units; this.desk.draw(); }, () => {});
    queueMicrotask(() => /** @type {HTMLElement | null} */ (document.getElementById("talk-whom"))?.focus());
  }

  /** @returns {Target[]} the free ones first, then whoever matches what was typed */
  get targets() {
    /** @type {Target[]} */
    const seats = this.desk.seats
      .filter((seat) => seat.agent && seat.agent !== this.desk.agent)
      .map((seat) => {
        const [word, tone] = seatState(seat.state);
        const free = seat.phone && !["talking", "ringing"].includes(seat.state);
        return { kind: "seat", number: seat.seat, name: seat.name ?? "", note: word, tone, free };
      });
    const ready = (/** @type {Target} */ one) => Number(one.tone === "good") * 2 + Number(one.free);
    seats.sort((a, b) => ready(b) - ready(a) || a.number.localeCompare(b.number));
    /** @type {Target[]} */
    const units = this.#units.map(({ name, phone }) => ({ kind: "unit", number: phone, name, note: "", tone: "dim", free: true }));
    const sought = this.sought.trim().toLowerCase();
    const matches = [...seats, ...units].filter(({ number, name }) => !sought || number.includes(sought) || name.toLowerCase().includes(sought));
    const typed = sought.replace(/[\s()-]/g, "");
    if (DIALABLE.test(typed) && may("dial.outside") && !matches.some(({ number }) => number === typed))
      matches.push({ kind: "outside", number: typed, name: t("Dial this number"), note: "", tone: "dim", free: true });
    return matches;
  }

  /** @param {Target} target */
  #choose({ kind, number, free }) {
    if (free && !this.desk.busy) this.chosen({ kind, number, mode: this.mode });
  }

  /** @param {KeyboardEvent} event */
  #enter = (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const first = this.targets.find(({ free }) => free);
    if (first && this.sought.trim()) this.#choose(first);
  };

  view() {
    const all = this.targets;
    /** @type {[Mode, string][]} */
    const modes = [["consult", t("Ask them first")], ["transfer", t("Transfer at once")], ["three_way", t("Three-way call")]];
    return html`<div class="talk-pick" role="group" aria-label=${t("Call somebody in")}>
      <div class="talk-modes" role="radiogroup" aria-label=${t("How")}>
        ${modes.map(([mode, word]) => html`<label><input type="radio" name="talk-mode" .checked=${this.mode === mode}
          @change=${() => { this.mode = mode; this.desk.draw(); }}><span>${word}</span></label>`)}
      </div>
      <label><span>${may("dial.outside") ? t("Name, seat or number") : t("Name or seat")}</span>
        <input id="talk-whom" type="search" autocomplete="off" maxlength="32" .value=${this.sought} @keydown=${this.#enter}
          @input=${(/** @type {InputEvent} */ event) => { this.sought = /** @type {HTMLInputElement} */ (event.target).value; this.desk.draw(); }}></label>
      <ul class="talk-targets">
        ${repeat(all.slice(0, SHOWN), ({ kind, number }) => kind + number, (target) => html`<li>
          <button type="button" class="talk-target" ?disabled=${!target.free || this.desk.busy} @click=${() => this.#choose(target)}>
            ${icon(target.kind === "seat" ? "headset" : "phone")}<b>${target.name}</b><span>${target.number}</span>
            ${target.note ? html`<i class="chip" data-tone=${target.tone}>${target.note}</i>` : nothing}</button></li>`)}
      </ul>
      ${all.length ? nothing : html`<p class="hint">${t("Nobody by that name. Check what you typed.")}</p>`}
      ${all.length > SHOWN ? html`<p class="hint">${t("{count} more: type to find them.", { count: all.length - SHOWN })}</p>` : nothing}
    </div>`;
  }
}
