// The agent's page: own state, what can be done now, who is on the line, what is owed.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { everySecond } from "../core/clock.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { live } from "../core/live.js";
import { keepFresh } from "../core/refresh.js";
import { BREAK_REASONS, actionsFor } from "./actions.js";
import { seatChoice, status } from "./status.js";
import { callbacksPanel, recentPanel } from "./work.js";

export class Desk {
  busy = false;
  /** @type {"" | "break" | "sign_out"} which action has been pressed once and waits for more */
  asking = "";
  fault = "";
  /** What has been arranged and does not show yet: a break that begins when the call ends. */
  told = "";
  /** @type {import("./work.js").Callback[] | null} */
  callbacks = null;
  /** @type {import("./work.js").Call[] | null} */
  calls = null;

  /**
   * @param {HTMLElement} main
   * @param {string} agent the agent's number; empty when this account has none
   */
  constructor(main, agent) {
    this.main = main;
    this.agent = agent;
    this.draw = this.draw.bind(this);
  }

  start() {
    live.subscribe(this.draw);
    everySecond(this.draw);
    document.addEventListener("keydown", (event) => this.#key(event));
    this.refresh = keepFresh(() => this.#load());
  }

  get seats() {
    return Object.values(live.floor?.seats ?? {});
  }

  get seat() {
    return this.seats.find((seat) => seat.agent && seat.agent === this.agent);
  }

  async #load() {
    const owed = (/** @type {string} */ state) => request("GET", `/api/v1/callbacks?state=${state}`);
    const mine = `/api/v1/calls?limit=20&agent=${encodeURIComponent(this.agent)}`;
    try {
      const [waiting, retry, calls] = await Promise.all([
        owed("waiting"),
        owed("retry"),
        this.agent ? request("GET", mine) : [],
      ]);
      this.callbacks = [...waiting, ...retry];
      this.calls = calls;
    } catch (error) {
      this.fault = error instanceof ApiError ? error.message : String(error);
    }
    this.draw();
  }

  /** @param {string} path @param {object} body @param {string} [told] what to say when it was accepted */
  async #order(path, body, told = "") {
    if (this.busy) return;
    this.busy = true;
    this.asking = "";
    this.fault = "";
    this.draw();
    try {
      await request("POST", `/api/v1/agents/${encodeURIComponent(this.agent)}/${path}`, body);
      this.told = told;
    } catch (error) {
      this.fault = error instanceof ApiError ? error.message : String(error);
    }
    this.busy = false;
    this.draw();
  }

  /** @param {string} seat */
  signIn(seat) {
    return this.#order("sign-in", { seat });
  }

  /** @param {string} reason */
  takeBreak(reason) {
    const told = this.seat?.state === "talking" ? t("Your break begins when this call is over.") : "";
    return this.#order("break", { reason }, told);
  }

  /**
   * Carry out an action; a break first asks for its reason, signing out for a second press.
   * @param {import("./actions.js").Action} action
   */
  act(action) {
    if (action.id === "break") this.asking = this.asking === "break" ? "" : "break";
    else if (action.id === "sign_out" && this.asking !== "sign_out") this.asking = "sign_out";
    else return void this.#order(action.path, action.body ?? {});
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.key === "Escape" && this.asking) {
      this.asking = "";
      return this.draw();
    }
    const reason = this.asking === "break" && BREAK_REASONS[Number(event.key) - 1];
    const action = actionsFor(this.seat).find(({ key }) => key === event.key);
    if (!reason && !action) return;
    event.preventDefault();
    if (reason) void this.takeBreak(reason);
    else if (action) this.act(action);
  }

  draw() {
    const { seat } = this;
    if (!actionsFor(seat).length) this.asking = "";
    if (seat?.state !== "talking") this.told = "";
    render(
      html`
        <h1 class="sr-only">${t("Desk")}</h1>
        <div class="desk" data-link=${live.link}>
          <div class="desk-main">
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
            ${recentPanel(this.calls)}
          </div>
          <div class="desk-side">${callbacksPanel(this.callbacks, live.now)}</div>
        </div>
      `,
      this.main,
    );
  }
}

/** @param {HTMLElement} main */
export function startDesk(main) {
  new Desk(main, document.documentElement.dataset.agent ?? "").start();
}
