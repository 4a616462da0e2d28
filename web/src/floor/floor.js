// The floor view 值班台 of the shift supervisor: who waits, every seat, and the hands to act.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { everySecond } from "../core/clock.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { live } from "../core/live.js";
import { deskLabel } from "../core/waiting.js";
import { deeds, handPanel } from "./hand.js";
import { WAYS, listeningBar } from "./listening.js";
import { measuresPanel } from "./measures.js";
import { seatsPanel } from "./seats.js";
import { toEnd } from "./thread.js";
import { waitingPanel } from "./waiting.js";

/** @typedef {import("../core/live.js").Seat} Seat */
/** @typedef {import("./hand.js").Deed} Deed */

const PHONE = "floor.phone";

export class FloorPage {
  /** @type {string} the chosen seat */
  chosen = "";
  /** @type {import("./listening.js").Row[]} */
  listenings = [];
  /** @type {import("./measures.js").Reserve[]} */
  reserves = [];
  /** @type {import("./thread.js").Message[]} of the chosen seat's agent */
  messages = [];
  /** @type {Record<string, number>} agent -> messages that no supervisor has read */
  unread = {};
  /** The call that is being handed to an agent; empty for none. */
  handing = "";
  /** The call that is being sent to another queue; empty for none. */
  sending = "";
  /** @type {Deed | ""} what asks for its message */
  asking = "";
  /** The seat where the supervisor listens; empty for their own. */
  phone = kept();
  busy = false;
  fault = "";
  told = "";
  #thread = "";
  #drawing = false;
  #reservesOf = "";

  /** @param {HTMLElement} main @param {string} login @param {string} agent */
  constructor(main, login, agent) {
    this.main = main;
    this.login = login;
    this.agent = agent;
  }

  start() {
    live.onNews("snapshot", () => void this.#load());
    live.onNews("listening", (news) => {
      this.listenings = rows(news);
      this.draw();
    });
    live.onNews("message", (message) => this.#heard(message));
    live.onNews("read", ({ agent, ids, to_desk: toDesk }) => this.#read(agent, new Set(ids), toDesk));
    live.subscribe(() => {
      this.#watchReserves();
      this.draw();
    });
    everySecond(() => this.draw());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  // ---- What there is ----

  get seats() {
    return Object.values(live.floor?.seats ?? {}).sort((a, b) => a.seat.localeCompare(b.seat, "en", { numeric: true }));
  }

  get seat() {
    return this.seats.find(({ seat }) => seat === this.chosen);
  }

  get queue() {
    return live.floor?.queue;
  }

  get policy() {
    return live.floor?.policy;
  }

  get calledBack() {
    return this.policy?.called_back ?? [];
  }

  /** What this supervisor listens to. */
  get mine() {
    return this.listenings.find(({ by }) => by === this.login);
  }

  /** @param {string} login */
  nameOf(login) {
    return login === this.login ? t("you") : login;
  }

  /** @param {string} agent */
  agentName(agent) {
    const seat = this.seats.find((one) => one.agent === agent);
    return seat?.name || agent;
  }

  async #load() {
    const agent = this.seat?.agent ?? "";
    try {
      const [listenings, reserves, { unread }] = await Promise.all([
        request("GET", "/api/v1/supervision/listen"),
        request("GET", "/api/v1/supervision/reserves"),
        request("GET", "/api/v1/desk-messages?limit=1"),
      ]);
      Object.assign(this, { listenings: rows(listenings), reserves: rows(reserves), unread: unread ?? {} });
      if (agent) await this.#loadThread(agent);
    } catch (error) {
      this.fault = words(error);
    }
    this.draw();
  }

  /** Reserves come and go with the policy and the seats. */
  #watchReserves() {
    const seats = this.seats.map(({ seat, agent, phone, state }) => [seat, agent, phone, state === "talking" || state === "ringing"]);
    const now = JSON.stringify([this.policy?.reserves, seats]);
    if (now === this.#reservesOf || live.link !== "live") return;
    const first = !this.#reservesOf;
    this.#reservesOf = now;
    if (first) return; // the snapshot has asked already
    request("GET", "/api/v1/supervision/reserves").then(
      (reserves) => {
        this.reserves = rows(reserves);
        this.draw();
      },
      () => {},
    );
  }

  // ---- Messages ----

  /** @param {string} agent */
  async #loadThread(agent) {
    const { messages = [] } = await request("GET", `/api/v1/desk-messages?agent=${encodeURIComponent(agent)}`);
    if (this.seat?.agent !== agent) return;
    this.messages = messages;
    this.draw();
    toEnd(this.main);
    await this.#markRead(agent);
  }

  /** @param {string} agent */
  async #markRead(agent) {
    const last = this.messages.filter(({ to_desk: toDesk, read_at: read }) => !toDesk && !read).pop();
    if (!last || document.hidden) return;
    await request("POST", "/api/v1/desk-messages/read", { agent, until: last.id }).catch(() => null);
  }

  /** @param {import("./thread.js").Message} message */
  #heard(message) {
    if (message.agent === this.seat?.agent) {
      if (!this.messages.some(({ id }) => id === message.id)) this.messages = [...this.messages, message];
      if (!message.to_desk) void this.#markRead(message.agent);
    }
    if (!message.to_desk) this.unread = { ...this.unread, [message.agent]: (this.unread[message.agent] ?? 0) + 1 };
    this.draw();
    if (message.agent === this.seat?.agent) toEnd(this.main);
  }

  /** @param {string} agent @param {Set<number>} ids @param {boolean} toDesk */
  #read(agent, ids, toDesk) {
    const at = new Date(live.now).toISOString();
    this.messages = this.messages.map((message) => (ids.has(message.id) ? { ...message, read_at: at } : message));
    if (!toDesk) this.unread = { ...this.unread, [agent]: Math.max((this.unread[agent] ?? 0) - ids.size, 0) };
    this.draw();
  }

  /** @param {string} text @param {HTMLTextAreaElement} field */
  async write(text, field) {
    const agent = this.seat?.agent;
    if (agent && (await this.#order("POST", "desk-messages", { agent, text }))) field.value = "";
    field.focus();
  }

  // ---- Deeds ----

  /**
   * @param {"POST" | "DELETE"} method @param {string} path after `/api/v1/` @param {object} body
   * @param {string} [told] what to say when it was done
   * @returns the answer; null when it was refused
   */
  async #order(method, path, body, told = "") {
    if (this.busy) return null;
    this.busy = true;
    this.fault = this.told = "";
    this.draw();
    try {
      const answer = await request(method, `/api/v1/${path}`, body);
      this.told = told;
      return answer ?? {};
    } catch (error) {
      this.fault = words(error);
      return null;
    } finally {
      this.busy = false;
      this.draw();
    }
  }

  /** @param {string} seat @param {import("./listening.js").How} how */
  async listen(seat, how) {
    const phone = this.phone && !this.mine ? { phone: this.phone } : {};
    const row = await this.#order("POST", "supervision/listen", { seat, mode: how, ...phone });
    if (!row?.id) return;
    this.listenings = [...this.listenings.filter(({ id }) => id !== row.id), row];
    this.draw();
  }

  stopListening() {
    const { mine } = this;
    return mine ? this.#order("DELETE", `supervision/listen/${encodeURIComponent(mine.id)}`, {}) : null;
  }

  /** @param {string} seat */
  choosePhone(seat) {
    this.phone = seat;
    try {
      localStorage.setItem(PHONE, seat);
    } catch {
      // Storage is switched off: the choice lasts for this page.
    }
    this.draw();
  }

  /** @param {string} call */
  moveUp(call) {
    return this.#order("POST", `supervision/waiting/${encodeURIComponent(call)}`, { to: "front" }, t("Moved to the front"));
  }

  /** @param {string} call */
  askAgent(call) {
    this.handing = this.handing === call ? "" : call;
    this.sending = "";
    this.draw();
  }

  /** @param {string} call @param {string} agent */
  async handTo(call, agent) {
    this.handing = "";
    const told = t("The phone of {name} rings; the caller keeps their place until it is picked up", { name: this.agentName(agent) });
    await this.#order("POST", `supervision/waiting/${encodeURIComponent(call)}`, { to: "agent", agent }, told);
  }

  /** @param {string} call */
  askDesk(call) {
    this.sending = this.sending === call ? "" : call;
    this.handing = "";
    this.draw();
    /** @type {HTMLElement | null} */ (this.main.querySelector(".fl-desks button:not(:disabled)"))?.focus();
  }

  /** @param {string} call @param {string} desk empty for the general queue */
  async sendTo(call, desk) {
    this.sending = "";
    const told = desk
      ? t("The caller goes to {desk}, with their place and the time that they have waited", { desk: deskLabel(desk) })
      : t("The caller goes back to the general queue, with their place and the time that they have waited");
    await this.#order("POST", `supervision/waiting/${encodeURIComponent(call)}`, desk ? { to: "desk", desk } : { to: "queue" }, told);
  }

  /** @param {Deed | ""} deed */
  ask(deed) {
    this.asking = this.asking === deed ? "" : deed;
    this.draw();
    /** @type {HTMLInputElement | null} */ (this.main.querySelector(".fl-ask input"))?.focus();
  }

  /** @param {Deed} deed @param {string} message */
  async act(deed, message) {
    const agent = this.seat?.agent;
    if (!agent) return;
    const done = await this.#order("POST", `supervision/agents/${encodeURIComponent(agent)}`, { deed, message });
    if (done) this.ask("");
  }

  /** @param {string} name @param {boolean} joined */
  async reserve(name, joined) {
    const row = await this.#order("POST", `supervision/reserves/${encodeURIComponent(name)}`, { joined });
    if (row) this.reserves = this.reserves.map((one) => (one.name === name ? { ...one, ...row } : one));
    this.draw();
  }

  /** @param {string} step @param {string} whom */
  undo(step, whom) {
    return this.#order("POST", "supervision/undo", { step, whom });
  }

  // ---- Choosing a seat, keys ----

  /** @param {string} seat */
  focused(seat) {
    if (this.chosen !== seat) this.choose(seat);
  }

  /** @param {string} seat */
  choose(seat) {
    if (this.chosen === seat) return;
    this.chosen = seat;
    this.asking = "";
    this.messages = [];
    this.draw();
    this.#followThread();
  }

  /** Load the thread of whoever sits at the chosen seat. */
  #followThread() {
    const agent = this.seat?.agent ?? "";
    if (agent === this.#thread) return;
    this.#thread = agent;
    this.messages = [];
    if (agent) this.#loadThread(agent).catch((error) => {
      this.fault = words(error);
      this.draw();
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const target = event.target instanceof Element ? event.target : null;
    if (event.key === "Escape" && (this.asking || this.handing || this.sending)) {
      this.asking = this.handing = this.sending = "";
      return this.draw();
    }
    if (target?.matches("input, textarea, select")) return;
    const steps = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.#columns(), ArrowUp: -this.#columns() });
    const step = steps[event.key];
    if (step !== undefined && target?.matches(".fl-card, body")) {
      event.preventDefault();
      const { seats } = this;
      const at = seats.findIndex(({ seat }) => seat === this.chosen);
      const next = seats[at < 0 ? 0 : Math.min(Math.max(at + step, 0), seats.length - 1)];
      if (next) {
        this.choose(next.seat);
        /** @type {HTMLElement | null} */ (this.main.querySelector(`[data-seat="${CSS.escape(next.seat)}"]`))?.focus();
      }
      return;
    }
    const way = WAYS.find(({ key }) => key === event.key);
    const deed = deeds().find(({ key }) => key === event.key);
    const { seat } = this;
    if (event.key === "0" && this.mine) void this.stopListening();
    else if (way && (seat?.state === "talking" || this.mine?.state === "listening")) void this.listen(seat?.state === "talking" ? seat.seat : this.mine?.seat ?? "", way.how);
    else if (deed && seat?.agent && deed.states.includes(seat.state)) this.ask(deed.deed);
    else return;
    event.preventDefault();
  }

  #columns() {
    const cards = [...this.main.querySelectorAll(".fl-card")];
    const top = cards[0]?.getBoundingClientRect().top;
    return Math.max(cards.filter((card) => card.getBoundingClientRect().top === top).length, 1);
  }

  draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    this.#followThread();
    const now = live.now;
    render(
      html`
        <h1 class="sr-only">${t("Duty desk")}</h1>
        <div class="fl" data-link=${live.link}>
          <div class="fl-main">
            <div role="alert">${this.fault ? note("bad", this.fault, () => { this.fault = ""; this.draw(); }) : nothing}</div>
            <div role="status">${this.told ? note("good", this.told, () => { this.told = ""; this.draw(); }) : nothing}</div>
            ${waitingPanel(this, now)} ${seatsPanel(this, now)} ${measuresPanel(this)}
          </div>
          <aside class="fl-side" aria-label=${t("The chosen seat")}>${listeningBar(this, now)} ${handPanel(this, now)}</aside>
        </div>`,
      this.main,
    );
    this.#drawing = false;
  }
}

/** @param {string} tone @param {string} text @param {() => void} close */
const note = (tone, text, close) => html`<p class="notice" data-tone=${tone}>${icon(tone === "bad" ? "warn" : "met")}${text}
  <button class="link" type="button" @click=${close}>${t("Close")}</button></p>`;

/** @param {unknown} answer */
const rows = (answer) => (Array.isArray(answer) ? answer : []);

/** @param {unknown} error */
const words = (error) => (error instanceof ApiError ? error.message : String(error));

function kept() {
  try {
    return localStorage.getItem(PHONE) ?? "";
  } catch {
    return "";
  }
}

/** @param {HTMLElement} main */
export function startFloor(main) {
  const { login = "", agent = "" } = document.documentElement.dataset;
  new FloorPage(main, login, agent).start();
}
