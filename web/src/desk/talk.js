// What the agent does with the talk: hold, call somebody in, transfer, three-way call, 110. The server does it, so it is the
// same for a desk phone and for the phone in the browser; the live stream tells how it stands.
import { html, nothing } from "lit-html";
import { callerNumber } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { may } from "../core/rights.js";
import { TargetPicker } from "./talk_targets.js";
import { notReached, nowWhat, thirdIs } from "./talk_words.js";

/** @typedef {import("../core/live.js").Seat} Seat */
/** @typedef {import("../core/live.js").Aside} Aside */
/** @typedef {Aside["stage"]} Stage */
/** @typedef {"hold" | "resume" | "drop" | "complete" | "merge"} Deed */
/** @typedef {{deed: Deed | "pick" | "police", key: string, word: string, sign: Parameters<typeof icon>[0], kind?: string}} Key */

export class Talk {
  /** @type {"" | "pick" | "police"} what was pressed once, and waits for more */
  asking = "";
  picker;

  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.picker = new TargetPicker(desk, (third) => void this.call(third));
  }

  /** Whether the seat is in a talk with somebody. @param {Seat | undefined} seat */
  static on(seat) {
    return seat?.state === "talking" && (!seat.callback || seat.callback.stage === "talking") && may("talk.handle");
  }

  /** @param {Seat | undefined} seat */
  stage(seat) {
    return seat?.talk?.stage ?? "talking";
  }

  /** Before each drawing. @param {Seat | undefined} seat */
  look(seat) {
    if (!Talk.on(seat) || !["talking", "held"].includes(this.stage(seat))) this.asking = "";
  }

  /** @param {Seat} seat @returns {Key[]} what may be done now, the likeliest first */
  keys(seat) {
    /** @type {Key} */
    const pick = { deed: "pick", key: "Alt+T", word: t("Call somebody in"), sign: "people" };
    /** @type {Key} */
    const police = { deed: "police", key: "F1", word: "110", sign: "horn", kind: "police" };
    /** @type {Record<Stage, Key[]>} */
    const all = {
      talking: [{ deed: "hold", key: "F2", word: t("Put on hold"), sign: "break" }, pick, police],
      held: [{ deed: "resume", key: "F2", word: t("Take the citizen back"), sign: "talking", kind: "primary" }, pick, police],
      dialling: [{ deed: "drop", key: "F2", word: t("Give up, back to the citizen"), sign: "hang_up" }],
      consulting: [
        { deed: "complete", key: "Alt+T", word: t("Transfer to them"), sign: "open", kind: "primary" },
        { deed: "merge", key: "Alt+3", word: t("All three together"), sign: "people" },
        { deed: "drop", key: "F2", word: t("Back to the citizen alone"), sign: "hang_up" },
      ],
      three_way: [
        { deed: "complete", key: "Alt+T", word: t("Leave the two together"), sign: "open" },
        { deed: "drop", key: "F2", word: t("Let the third go"), sign: "hang_up" },
      ],
      // The colleague's talk, until they leave it: whoever was called in can only hang up.
      offered: [],
      asked: [],
      joined: [],
    };
    return all[this.stage(seat)] ?? [];
  }

  /** @param {Key} key */
  press({ deed }) {
    if (deed === "pick" || deed === "police") {
      this.asking = this.asking === deed ? "" : deed;
      if (this.asking === "pick") this.picker.open();
      return this.desk.draw();
    }
    return void this.desk.talkOrder(deed, {});
  }

  /** @param {{kind: string, number: string, mode: string}} third */
  async call(third) {
    if (await this.desk.talkOrder("dial", third)) this.asking = "";
    this.desk.draw();
  }

  /** @param {"three_way" | "transfer"} mode */
  police(mode) {
    return this.call({ kind: "police", number: "", mode });
  }

  /** @param {KeyboardEvent} event @param {Seat | undefined} seat @returns whether the key was for the talk */
  key(event, seat) {
    if (!seat || !Talk.on(seat) || event.ctrlKey || event.metaKey) return false;
    if (this.asking && event.key === "Escape") {
      this.asking = "";
      this.desk.draw();
    } else if (this.asking === "police" && event.key === "F1") void this.police("three_way");
    else {
      // By the key's place: with Alt some layouts write another letter, and an input method takes it.
      const name = event.altKey ? `Alt+${event.code.replace(/^(Key|Digit)/, "")}` : event.key;
      const key = this.keys(seat).find((one) => one.key === name);
      if (!key) return false;
      if (!this.desk.busy) this.press(key);
    }
    event.preventDefault();
    return true;
  }

  /** @param {Seat} seat */
  view(seat) {
    if (!Talk.on(seat)) return nothing;
    const aside = seat.talk;
    return html`
      <section class="talk" aria-label=${t("The talk")} data-stage=${this.stage(seat)} data-testid="talk">
        ${aside ? parties(aside) : nothing}
        ${aside?.result
          ? html`<p class="notice" data-tone="warn" role="alert">${icon("warn")}<span>${notReached(aside)} ${t("The citizen is with you.")} ${nowWhat(aside)}</span></p>`
          : nothing}
        ${aside?.kind === "police" && !aside.result ? this.#handover() : nothing}
        <div class="buttons talk-keys">
          ${this.keys(seat).map((key) => html`<button class="button ${key.kind ?? ""}" type="button" ?disabled=${this.desk.busy} aria-keyshortcuts=${key.key}
            aria-expanded=${key.deed === "pick" || key.deed === "police" ? String(this.asking === key.deed) : nothing}
            aria-label=${key.deed === "police" ? t("Police 110") : nothing}
            @click=${() => this.press(key)}>${icon(key.sign)}<span>${key.word}</span><kbd>${key.key}</kbd></button>`)}
        </div>
        ${this.asking === "pick" ? this.picker.view() : nothing}
        ${this.asking === "police" ? this.#confirm() : nothing}
      </section>
    `;
  }

  /** The second press: nobody calls 110 by a slip of the hand. */
  #confirm() {
    return html`<div class="talk-police" role="group" aria-labelledby="police">
      <h3 id="police">${icon("horn")}${t("Call the police on 110?")}</h3>
      <div class="buttons">
        <button class="button danger" type="button" ?disabled=${this.desk.busy} aria-keyshortcuts="F1" @click=${() => this.police("three_way")}>
          ${t("Three-way call with 110")}<kbd>F1</kbd></button>
        <button class="button" type="button" ?disabled=${this.desk.busy} @click=${() => this.police("transfer")}>${t("Transfer to 110")}</button>
        <button class="button quiet" type="button" @click=${() => { this.asking = ""; this.desk.draw(); }}>${t("Cancel")}<kbd>Esc</kbd></button>
      </div>
      ${this.#handover()}
    </div>`;
  }

  /** What the agent reads out to the police: what is written so far of this call's request. */
  #handover() {
    const { work } = this.desk;
    const form = work.forms.find(({ draft }) => draft.linkedid && draft.linkedid === work.call?.linkedid) ?? work.active;
    const { fields = {} } = form ?? {};
    const rows = [
      [t("Telephone"), callerNumber(fields["contact_phone"] || fields["caller"] || work.call?.caller || "")],
      [t("Name"), fields["contact_name"]],
      [t("Address"), fields["address"]],
      [t("What it is about"), fields["title"]],
      [t("Details"), fields["description"]],
    ].filter(([, value]) => value);
    return html`<div class="talk-handover" data-testid="handover">
      <h4>${t("Read this out to the police")}</h4>
      ${rows.length > 1 ? nothing : html`<p class="hint">${t("Nothing is written yet: say where it is and what happens there.")}</p>`}
      <dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    </div>`;
  }
}

/** Who hears whom. @param {Aside} aside */
function parties(aside) {
  if (aside.stage === "talking") return nothing;
  const waits = aside.stage !== "three_way" && aside.stage !== "joined";
  const together = t("in the talk");
  const third = { dialling: t("is being called"), consulting: t("talks with you alone"), offered: t("calls you about them"), asked: t("asks you first"), three_way: together, joined: together };
  return html`<ul class="talk-parties" role="status">
    <li data-tone=${waits ? "warn" : "busy"}>${icon(waits ? "break" : "talking")}<b>${t("Citizen")}</b>
      <span>${waits ? t("on hold, hears music") : t("in the talk")}</span></li>
    ${aside.kind && aside.stage !== "held"
      ? html`<li data-tone=${aside.stage === "dialling" ? "note" : "busy"}>${icon(aside.stage === "dialling" ? "ringing" : "talking")}<b>${thirdIs(aside)}</b>
          <span>${third[aside.stage]}</span></li>`
      : nothing}
  </ul>`;
}
