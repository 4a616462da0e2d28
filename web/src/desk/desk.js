// The agent's page: own state, what can be done now, who is on the line, what is owed.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { everySecond } from "../core/clock.js";
import { isMasked } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { live } from "../core/live.js";
import { may } from "../core/rights.js";
import { keepFresh } from "../core/refresh.js";
import { BREAK_REASONS, actionsFor } from "./actions.js";
import { NOTES, afterwards, answered, isNews } from "./afterwards.js";
import { calledBack, returnBanner, titleSays } from "./calling_back.js";
import { Workspace } from "./form/workspace.js";
import { seatChoice, status } from "./status.js";
import { Talk } from "./talk.js";
import { Telephone } from "./telephone.js";
import { callbacksPanel, dialable, inOrder, recentPanel } from "./work.js";

export class Desk {
  busy = false;
  /** @type {"" | "break" | "sign_out"} which action has been pressed once and waits for more */
  asking = "";
  fault = "";
  /** Why the lists, which are read without being asked for, could not be; it goes when they can. */
  #unread = "";
  /** What has been arranged and does not show yet: a break that begins when the call ends. */
  told = "";
  /** @type {import("./work.js").Callback[] | null} */
  callbacks = null;
  /** @type {import("./work.js").Call[] | null} */
  calls = null;
  /** @type {import("./work.js").Callback | undefined} the callback at this seat, or the last one until it is dealt with */
  followed;
  /** @type {number | undefined} id of the callback that was at this seat when last looked */
  underWay;
  /** What was at this seat's phone when last looked: a call has begun, or moved on, when it differs. */
  #phone = "";
  #drawing = false;
  #again = false;

  /**
   * @param {HTMLElement} main
   * @param {string} agent the agent's number; empty when this account has none
   */
  constructor(main, agent) {
    this.main = main;
    this.agent = agent;
    this.draw = this.draw.bind(this);
    this.work = new Workspace(this.draw);
    this.telephone = new Telephone(this.draw, main);
    this.talk = new Talk(this);
    if (may("dial.outside")) this.telephone.redial = (number) => void this.dialFree(number);
  }

  start() {
    live.subscribe(this.draw);
    everySecond(this.draw);
    document.addEventListener("keydown", (event) => this.#key(event));
    this.refresh = keepFresh(() => this.#load());
    void this.work.start();
  }

  get seats() {
    return Object.values(live.floor?.seats ?? {});
  }

  get seat() {
    return this.seats.find((seat) => seat.agent && seat.agent === this.agent);
  }

  /** The callback that F9 dials: the first that this agent may. */
  get nextToDial() {
    return inOrder(this.callbacks ?? []).find((callback) => dialable(callback, this.agent));
  }

  /** Whoever has no call now may start one, through a line that is there. */
  get mayDial() {
    return ["ready", "break", "wrap_up"].includes(this.seat?.state ?? "") && live.floor?.callbacks?.line !== false;
  }

  async #load() {
    const mine = `/api/v1/calls?limit=20&agent=${encodeURIComponent(this.agent)}`;
    try {
      const [open, calls] = await Promise.all([
        request("GET", "/api/v1/callbacks?state=open&limit=1000"),
        this.agent ? request("GET", mine) : [],
      ]);
      this.callbacks = open;
      this.calls = calls;
      await this.#follow();
      this.#unread = "";
    } catch (error) {
      this.#unread = error instanceof ApiError ? error.message : String(error);
    }
    this.draw();
  }

  /** What the callback at this seat is about, and afterwards what it came to, when it is no longer among the open ones. */
  async #follow() {
    const id = this.seat?.callback?.id ?? this.followed?.id;
    if (id === undefined) return;
    const found = (this.callbacks ?? []).find((callback) => callback.id === id);
    const caller = this.followed?.id === id ? this.followed.caller : "";
    if (found) this.followed = found;
    else if (caller && !isMasked(caller)) {
      const settled = await request("GET", `/api/v1/callbacks?caller=${encodeURIComponent(caller)}&limit=20`);
      this.followed = settled.find((/** @type {import("./work.js").Callback} */ one) => one.id === id) ?? this.followed;
    }
  }

  /**
   * @param {string} path after `/api/v1/`
   * @param {object} body
   * @param {string} [told] what to say when it was accepted
   * @returns whether it was
   */
  async #order(path, body, told = "") {
    if (this.busy) return false;
    this.busy = true;
    this.asking = "";
    this.fault = "";
    this.draw();
    try {
      await request("POST", `/api/v1/${path}`, body);
      this.told = told;
      return true;
    } catch (error) {
      this.fault = error instanceof ApiError ? error.message : String(error);
      return false;
    } finally {
      this.busy = false;
      this.draw();
    }
  }

  /** Call any number, by right: this phone rings first. @param {string} number @returns whether it was begun */
  dialFree(number) {
    return this.#order("dial", { number });
  }

  /** What the agent does with the talk. @param {string} deed @param {object} body */
  talkOrder(deed, body) {
    return this.#order(`talk/${deed}`, body);
  }

  /** @param {string} path @param {object} body @param {string} [told] */
  #mine(path, body, told) {
    return this.#order(`agents/${encodeURIComponent(this.agent)}/${path}`, body, told);
  }

  /** @param {string} seat */
  signIn(seat) {
    return this.#mine("sign-in", { seat });
  }

  /** @param {string} reason */
  takeBreak(reason) {
    const told = this.seat?.state === "talking" ? t("Your break begins when this call is over.") : "";
    return this.#mine("break", { reason }, told);
  }

  /** End the break that the queue rule asks to end. */
  back() {
    return this.#mine("ready", {});
  }

  /** @param {import("./work.js").Callback} callback */
  dial(callback) {
    return this.#order(`callbacks/${callback.id}/dial`, {});
  }

  /** What only the agent knows of the callback that is or was just under way. @param {"voicemail" | "wrong_number"} result */
  async note(result) {
    const id = this.seat?.callback?.id ?? this.followed?.id;
    if (id === undefined) return;
    if (await this.#order(`callbacks/${id}/result`, { result, note: "" })) this.refresh?.();
  }

  /** The last callback has been dealt with. */
  forget() {
    this.followed = undefined;
    this.draw();
  }

  /** Notice that a callback has begun or ended at this seat. */
  #watch() {
    const id = this.seat?.callback?.id;
    if (id === this.underWay) return;
    if (id !== undefined && this.followed?.id !== id) this.followed = (this.callbacks ?? []).find((one) => one.id === id);
    this.underWay = id;
    this.refresh?.();
  }

  /** Notice that a call has come to this seat's phone, was answered, or is over; the number in full is asked for. */
  #watchPhone() {
    if (!this.agent || live.link !== "live") return;
    const { seat } = this;
    const rings = seat && !seat.callback && (seat.state === "ringing" || seat.state === "talking");
    const phone = rings ? `${seat.state} ${seat.since} ${seat.caller} ${seat.talk?.kind === "seat" ? seat.talk.stage : ""}` : "-";
    if (phone === this.#phone) return;
    this.#phone = phone;
    if (rings) void this.work.callMoved(seat);
    else this.work.callOver();
    void this.work.fetch();
  }

  /**
   * Carry out an action; a break first asks for its reason, signing out for a second press.
   * @param {import("./actions.js").Action} action
   */
  act(action) {
    if (action.id === "break") this.asking = this.asking === "break" ? "" : "break";
    else if (action.id === "sign_out" && this.asking !== "sign_out") this.asking = "sign_out";
    else return void this.#mine(action.path, action.body ?? {});
    this.draw();
  }

  /** Whether something may be noted of a callback now: one that was picked up. */
  get noting() {
    const stage = this.seat?.callback?.stage;
    return stage ? stage === "talking" : isNews(this.followed, live.now) && answered(this.followed);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.repeat || event.isComposing || this.telephone.key(event) || this.talk.key(event, this.seat) || this.work.key(event)) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    // A digit that is typed into a field is no answer to another question.
    if (event.key.length === 1 && event.target instanceof Element && event.target.matches("input, textarea, select")) return;
    if (event.key === "Escape" && this.asking) {
      this.asking = "";
      return this.draw();
    }
    const reason = this.asking === "break" && BREAK_REASONS[Number(event.key) - 1];
    const action = actionsFor(this.seat).find(({ key }) => key === event.key);
    const noted = this.noting ? NOTES.find(([, key]) => key === event.key) : undefined;
    const next = event.key === "F9" && live.floor?.callbacks?.mode === "preview" && this.mayDial ? this.nextToDial : undefined;
    if (!reason && !action && !noted && !next) return;
    event.preventDefault();
    if (reason) void this.takeBreak(reason);
    else if (noted) void this.note(noted[0]);
    else if (next) void this.dial(next);
    else if (action) this.act(action);
  }

  draw() {
    // A field that is taken away loses the focus, which is an event that asks for a drawing in the midst of one.
    if (this.#drawing) {
      this.#again = true;
      return;
    }
    this.#drawing = true;
    try {
      do {
        this.#again = false;
        this.#show();
      } while (this.#again);
    } finally {
      this.#drawing = false;
    }
    this.work.drawn();
    this.telephone.drawn();
  }

  #show() {
    const { seat } = this;
    if (!actionsFor(seat).length) this.asking = "";
    if (seat?.state !== "talking") this.told = "";
    this.#watch();
    this.#watchPhone();
    this.telephone.look(seat);
    this.talk.look(seat);
    titleSays(calledBack(live.floor, this.agent), this.telephone.rings);
    const { work } = this;
    // A row from before it came to this seat is masked still: nothing is asked about such a number.
    const theirs = isMasked(this.followed?.caller) ? null : this.followed?.caller ?? null;
    const pop = seat?.callback ? theirs : work.caller;
    const call = seat?.callback ? "" : work.call?.state ?? "";
    render(
      html`
        <h1 class="sr-only">${t("Desk")}</h1>
        <div class="desk" data-link=${live.link}>
          <div class="desk-main">
            ${returnBanner(this, live.floor)}
            <div role="alert">${this.fault
                ? html`<p class="notice" data-tone="bad">${icon("warn")}${this.fault}
                    <button class="link" type="button" @click=${() => { this.fault = ""; this.draw(); }}>${t("Close")}</button></p>`
                : nothing}</div>
            ${!this.agent
              ? html`<p class="notice" data-tone="note">${t("This account has no agent number, so it cannot sign in to a seat.")}</p>`
              : !live.floor
                ? html`<section class="me" data-state="signed_out"><p class="hint">${t("Connecting…")}</p></section>`
                : seat
                  ? status(this, seat, live.now)
                  : seatChoice(this, this.seats)}
            ${!seat?.callback && isNews(this.followed, live.now) ? afterwards(this, this.followed) : nothing}
            ${pop === null ? nothing : work.cards.view(pop, call, live.now)}
          </div>
          <div class="desk-unread" role="alert">${this.#unread ? html`<p class="notice" data-tone="bad">${icon("warn")}${this.#unread}</p>` : nothing}</div>
          <div class="desk-work">${work.view()}</div>
          <div class="desk-side">
            ${work.aside()}
            ${callbacksPanel(this, live.floor?.callbacks, live.now)}
            ${recentPanel(this.calls)}
          </div>
        </div>
      `,
      this.main,
    );
    if (pop) void work.cards.load(pop);
  }
}

/** @param {HTMLElement} main */
export function startDesk(main) {
  new Desk(main, document.documentElement.dataset.agent ?? "").start();
}
