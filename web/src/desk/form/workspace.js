// The forms that an agent has open: one for each call, and as many more as wanted. None goes by itself once there is a word
// in it; one that stayed empty does when the next talk begins.
import { html, nothing, render } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { request } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { icon } from "../../core/icons.js";
import { live } from "../../core/live.js";
import { mountPicker } from "../../knowledge/picker.js";
import { listed } from "../../tickets/reference_data.js";
import { Cards } from "../pop.js";
import { Draft } from "./draft.js";
import { TicketForm } from "./form.js";
import { all, done, isKept, noteDone } from "./kept.js";
import { nothingOpen, sentReport } from "./reports.js";
import { join, send } from "./sending.js";

/** @typedef {{linkedid: string, caller: string, state: "ringing" | "talking", since: string, passed?: boolean}} Call `passed`: by a colleague */

/** Reports of what was sent that stay in sight. */
const REPORTS = 3;

export class Workspace {
  /** @type {TicketForm[]} */
  forms = [];
  /** @type {TicketForm | null} */
  active = null;
  /** @type {Call | null} the call at this seat */
  call = null;
  /** @type {import("./sending.js").Sent[]} newest first */
  reports = [];
  /** A form to which the keyboard goes as soon as it is drawn. @type {TicketForm | null} */
  #wanted = null;
  #asked = 0;
  /** What the server said last of this seat's call. @type {Call | null} */
  #told = null;
  #fetched = false;
  /** The knowledge base beside the form, once it was wanted. @type {{host: HTMLElement, picker: ReturnType<typeof mountPicker>} | null} */
  #shelf = null;
  #consulting = false;
  /** Nothing is known of a call's form before what was kept is there: a fresh one would stand beside it, empty. */
  #begun = () => {};
  #beginning = new Promise((resolve) => { this.#begun = () => resolve(null); });

  /** @param {() => void} draw */
  constructor(draw) {
    this.draw = draw;
    this.cards = new Cards(draw);
  }

  async start() {
    live.onNews("call", (call) => { this.#told = call; });
    live.onNews("caller", ({ caller, card }) => this.cards.told(caller, card));
    const flush = () => this.forms.forEach((form) => form.draft.flush());
    addEventListener("pagehide", flush);
    document.addEventListener("visibilitychange", flush);
    try {
      this.#take((await all()).map((kept) => ({ kept, saved: 0, at: "" })));
      await this.fetch();
    } finally {
      this.#begun();
    }
    (window.requestIdleCallback ?? setTimeout)(() => this.#rehearse());
  }

  /** Draw a form and a caller once where nobody sees them: the first call of a day is in no less of a hurry than the others. */
  #rehearse() {
    const unseen = document.createElement("div");
    render(html`${this.cards.view("0", "ringing", 0)}${this.#form(Draft.fresh(null, {}, this.draw)).view()}`, unseen);
    render(nothing, unseen);
  }

  /** Bring what the server kept, once it can be asked. */
  async fetch() {
    if (this.#fetched) return;
    const answer = await request("GET", "/api/v1/drafts").catch(() => null);
    if (answer === null || this.#fetched) return;
    this.#fetched = true;
    const rows = listed(answer).filter((row) => !row.ticket && isKept(row));
    this.#take(rows.map((row) => ({ kept: { id: row.id, linkedid: row.linkedid, version: row.version, fields: row.fields }, saved: row.version, at: row.saved_at })));
    this.forms.forEach((form) => form.draft.saveNow());
    this.draw();
  }

  /** Open what was kept; of two of one name the one typed later. @param {{kept: import("./kept.js").Kept, saved: number, at: string}[]} found */
  #take(found) {
    for (const { kept, saved, at } of found) {
      let form = this.forms.find(({ draft }) => draft.id === kept.id);
      if (!form) {
        form = this.#add(new Draft(kept, this.draw));
        form.talked = true;
      } else if (kept.version > form.draft.version) {
        const again = this.#form(new Draft(kept, this.draw));
        again.talked = true;
        this.forms[this.forms.indexOf(form)] = again;
        if (this.active === form) this.active = again;
        form = again;
      }
      form.draft.savedVersion = Math.max(form.draft.savedVersion, saved);
      if (saved) form.draft.savedAt = at;
    }
    this.active ??= this.forms[0] ?? null;
    this.draw();
  }

  /** @param {Draft} draft */
  #form(draft) {
    return new TicketForm(draft, {
      draw: this.draw,
      send: (form, then) => void this.#send(form, then),
      discard: (form) => void this.#discard(form),
      close: (form) => void form.draft.end().then(() => this.#remove(form)),
      join: (form, number) => void join(form, number).then((sent) => this.#sent(form, sent)),
      consult: (form) => this.#consult(form),
    });
  }

  /** @param {Draft} draft */
  #add(draft) {
    const form = this.#form(draft);
    this.forms.push(form);
    return form;
  }

  /** The seat's state has changed: who is it? The stream has said so just before, unless it was away then. @param {import("../../core/live.js").Seat} seat */
  async callMoved({ state, since }) {
    const asked = ++this.#asked;
    const told = this.#told?.state === state && this.#told.since === since ? this.#told : null;
    const found = told ?? (await request("GET", "/api/v1/desk/call").catch(() => null));
    await this.#beginning;
    if (asked !== this.#asked || !found) return;
    this.hear(typeof found.linkedid === "string" && found.linkedid ? found : null, Boolean(told));
  }

  /** There is nobody at this seat's phone any more. */
  callOver() {
    this.#asked += 1;
    this.hear(null);
  }

  /** @param {Call | null} call @param {boolean} [told] the stream says by itself what is known of them */
  hear(call, told = false) {
    const rang = call && call.linkedid !== this.call?.linkedid;
    this.call = call;
    if (!call) {
      // What only rang and was never touched was nobody's form.
      for (const form of this.forms.filter(({ talked, draft }) => !talked && !draft.touched)) this.#remove(form);
      return this.draw();
    }
    let form = this.forms.find(({ draft }) => draft.linkedid === call.linkedid);
    if (!form && !done().includes(call.linkedid)) {
      form = this.#add(Draft.fresh(call.linkedid, { caller: call.caller, contact_phone: call.caller }, this.draw));
      this.#turnTo(form);
    }
    if (form && call.state === "talking" && !form.talked) {
      form.talked = true;
      this.#clear(call);
      if (!form.draft.touched) form.set({}); // from now on it survives a crash
      this.#turnTo(form);
    }
    if (form && call.passed) void this.#takeOver(form);
    void this.cards.load(call.caller, Boolean(rang), Boolean(rang) && told).then((card) => this.#name(form, card?.name)); // a drawing would ask
    this.draw();
  }

  /** What the colleague who passes a citizen on has written so far: nobody says everything twice. @param {TicketForm} form */
  async #takeOver(form) {
    const begun = await request("GET", "/api/v1/desk/begun").catch(() => null);
    if (begun?.fields && this.forms.includes(form) && !form.sending) form.takeOver(begun.fields);
  }

  /** Let the forms of calls that are over go, where nobody wrote anything. @param {Call} call the one that begins */
  #clear(call) {
    for (const form of this.forms.filter(({ draft, blank }) => blank && draft.linkedid !== null && draft.linkedid !== call.linkedid)) {
      this.#remove(form);
      void form.draft.discard();
    }
  }

  /** The name they gave before, until the agent writes another. @param {TicketForm | undefined} form @param {string | null | undefined} name */
  #name(form, name) {
    if (!form || !name || form.named || form.fields["contact_name"]) return;
    if (form.draft.touched) form.set({ contact_name: name });
    else form.fields["contact_name"] = name;
    this.draw();
  }

  /** Show the form of a call, unless somebody is writing in another: their next word must not go astray. @param {TicketForm} form */
  #turnTo(form) {
    const at = document.activeElement;
    if (this.active === form && at?.closest(".ticket-form")) return; // they are in it already
    const writing = at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement;
    if (writing && this.active !== form && (this.active?.draft.touched || !at.closest(".ticket-form"))) return;
    this.active = form;
    this.#wanted = form;
  }

  /** A new form, or the one of the call that waits to be opened: what F3 does. */
  open() {
    const waiting = this.call && this.forms.find(({ draft }) => draft.linkedid === this.call?.linkedid);
    const caller = this.call?.caller ?? "";
    const empty = this.forms.find(({ draft, fields }) => draft.linkedid === (this.call?.linkedid ?? null) && !fields["title"] && !fields["description"]);
    const form = waiting && waiting !== this.active ? waiting : empty ?? this.#add(Draft.fresh(this.call?.linkedid ?? null, caller ? { caller, contact_phone: caller } : {}, this.draw));
    form.talked = true;
    this.active = this.#wanted = form;
    this.draw();
  }

  /** Open the knowledge base at what this is about, or close it. @param {TicketForm} form */
  #consult(form) {
    this.#consulting = !this.#consulting;
    const about = form.fields["title"]?.trim() ?? "";
    if (!this.#shelf) {
      const host = document.createElement("div");
      const picker = mountPicker(host, { insert: (text) => this.active?.quote(text), ticket: () => this.active?.draft.id ?? null, q: about });
      this.#shelf = { host, picker };
    } else if (this.#consulting && about) this.#shelf.picker.ask(about);
    this.draw();
    if (this.#consulting) this.#shelf.picker.focus();
    else document.getElementById("f-answer")?.focus();
  }

  /** What stands beside the form. */
  aside() {
    const close = (/** @type {KeyboardEvent} */ event) => {
      const again = event.altKey && event.key.toLowerCase() === "k";
      if (!this.active || (event.key !== "Escape" && !again)) return;
      event.preventDefault();
      this.#consult(this.active);
    };
    return html`${this.#consulting && this.#shelf && this.active
      ? html`<section class="panel shelf" aria-label=${t("Knowledge base")} data-testid="shelf" @keydown=${close}>${this.#shelf.host}</section>`
      : nothing}${this.active?.suggestions.view() ?? nothing}`;
  }

  /** @param {TicketForm} form @param {import("./form.js").Then} then */
  async #send(form, then) {
    const sent = await send(form, then);
    this.#sent(form, sent);
    if (!sent && !form.sending && !form.draft.sent) form.focus();
  }

  /** @param {TicketForm} form @param {import("./sending.js").Sent | null} sent */
  #sent(form, sent) {
    if (sent) {
      if (form.draft.linkedid) noteDone(form.draft.linkedid);
      this.reports = [sent, ...this.reports].slice(0, REPORTS);
      this.#remove(form);
      void this.cards.load(form.fields["caller"] ?? "", true);
      queueMicrotask(() => /** @type {HTMLElement | null} */ (document.querySelector(".tf-report a"))?.focus());
    }
    this.draw();
  }

  /** @param {TicketForm} form */
  async #discard(form) {
    if (!form.discarding && form.draft.touched) {
      form.discarding = true;
      return this.draw();
    }
    if (form.draft.linkedid) noteDone(form.draft.linkedid);
    this.#remove(form);
    return form.draft.discard();
  }

  /** @param {TicketForm} form */
  #remove(form) {
    const at = this.forms.indexOf(form);
    this.forms = this.forms.filter((one) => one !== form);
    if (this.active === form) this.active = this.forms[Math.max(0, at - 1)] ?? null;
    this.draw();
  }

  /** The next or the previous tab. @param {number} by @param {boolean} [into] whether the keyboard goes into the form */
  turn(by, into = true) {
    const count = this.forms.length;
    if (count < 2 || !this.active) return;
    this.active = this.forms[(this.forms.indexOf(this.active) + by + count) % count] ?? null;
    if (into) this.#wanted = this.active;
    this.draw();
  }

  /** Whom the panel shows: whoever rings, else whom the form in sight is about. */
  get caller() {
    if (this.call?.state === "ringing") return this.call.caller;
    return this.active?.fields["caller"] ?? this.call?.caller ?? null;
  }

  /** After each drawing. */
  drawn() {
    const form = this.#wanted;
    this.#wanted = null;
    if (!form || form !== this.active) return;
    document.querySelector(".tf-tab[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    form.focus();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was for here */
  key(event) {
    const turn = event.altKey && !event.ctrlKey ? { PageUp: -1, PageDown: 1 }[event.key] : undefined;
    if (turn) this.turn(turn);
    else if (event.key === "F3" && !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey) this.open();
    else return false;
    event.preventDefault();
    return true;
  }

  /** @param {TicketForm} form */
  #tab(form) {
    const calls = form.draft.linkedid !== null && form.draft.linkedid === this.call?.linkedid;
    return html`<button class="tf-tab" type="button" role="tab" aria-selected=${String(form === this.active)} data-call=${calls ? this.call?.state ?? "" : nothing}
      tabindex=${form === this.active ? "0" : "-1"} @click=${() => { this.active = this.#wanted = form; this.draw(); }}>
      ${calls ? icon(this.call?.state === "ringing" ? "ringing" : "talking") : nothing}<span>${form.label}</span>
      ${form.draft.state === "local" ? html`<i class="tf-dot" data-tone="warn"></i>` : nothing}</button>`;
  }

  view() {
    const waits = this.call && this.forms.find(({ draft }) => draft.linkedid === this.call?.linkedid);
    return html`
      <header class="tf-head">
        <div class="tf-tabs" role="tablist" aria-label=${t("Forms")} @keydown=${this.#arrows}>${repeat(this.forms, ({ draft }) => draft.id, (form) => this.#tab(form))}</div>
        <button class="button small" type="button" aria-keyshortcuts="F3" @click=${() => this.open()}>${t("New request")}<kbd>F3</kbd></button>
      </header>
      ${waits && this.active?.draft.linkedid !== waits.draft.linkedid ? html`<p class="notice tf-waits" data-tone="warn" role="status">${icon("ringing")}${t("The form of this call is ready")}
        <button class="button small" type="button" @click=${() => this.open()}>${t("Open it")}<kbd>F3</kbd></button></p>` : nothing}
      ${this.reports.map((report) => sentReport(report, () => this.#dismiss(report)))}
      ${this.active
        ? html`${repeat([this.active], ({ draft }) => draft.id, (form) => form.view())}`
        : nothingOpen()}
    `;
  }

  /** @param {import("./sending.js").Sent} report */
  #dismiss(report) {
    this.reports = this.reports.filter((one) => one !== report);
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #arrows = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.altKey) return;
    event.preventDefault();
    this.turn(by, false);
    /** @type {HTMLElement | null} */ (document.querySelector(".tf-tab[aria-selected=true]"))?.focus();
  };
}
