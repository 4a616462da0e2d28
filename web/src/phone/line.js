// The phone's line to Asterisk: registered for as long as the agent sits at the seat, and found again whenever it was lost.
import JsSIP from "jssip";
import { ApiError, request } from "../core/api.js";

/** @typedef {"off" | "connecting" | "ready" | "lost"} State */
/** @typedef {{seat: string, sip_user: string, sip_password: string, seconds: number, addresses: string[], now: string}} Credential */

/** Asterisk knows the seat by its user alone. */
const HOST = "hotline.invalid";
/** How long a registration counts, in seconds; a new password is asked for each time. */
const REGISTER_SECONDS = 120;
const REFUSED = [401, 403, 404, 407];
const RETRY_MS = [1000, 2000, 4000, 8000];
/** Attempts after which a line that is being found is said to be none. */
const PATIENT = 3;
/** The same for an attempt that nothing answers: a firewall that swallows it, or a browser that forbids it, ends none. */
const SILENT_MS = 10_000;

export class Line {
  /** @type {State} */
  state = "off";
  /** Failed attempts since the line was last ready. */
  attempts = 0;
  /** Milliseconds by which this computer's clock is ahead of the server's. */
  clock = 0;
  /** Where the certificate can be looked at, when a line fails. */
  address = "";
  /** @type {any} */
  #agent = null;
  #retry = 0;
  #silent = 0;
  #opened = 0;

  /**
   * @param {string} page this page's name
   * @param {{changed: () => void, refused: (error: unknown) => void, called: (session: any) => void, back: () => void}} events
   *   `refused`: the server gives no password, or Asterisk will not have it; `back`: connected again
   */
  constructor(page, events) {
    this.page = page;
    this.events = events;
  }

  /** Whether a message can be sent now. */
  get connected() {
    return Boolean(this.#agent?.isConnected());
  }

  /** Whether it has been looked for long enough to say that there is none. */
  get overdue() {
    return this.attempts >= PATIENT;
  }

  /** @param {boolean} [takeOver] also when another page is the phone */
  async open(takeOver = false) {
    this.close();
    const opened = ++this.#opened;
    this.#become("connecting");
    const given = await this.#ask(takeOver);
    if (opened !== this.#opened) return;
    if (given) this.#start(given);
  }

  close() {
    this.#opened += 1;
    clearTimeout(this.#retry);
    clearTimeout(this.#silent);
    const agent = this.#agent;
    this.#agent = null;
    agent?.removeAllListeners();
    agent?.stop();
    this.attempts = 0;
    this.#become("off");
  }

  /** @param {string} number @param {MediaStream} stream */
  call(number, stream) {
    return this.#agent.call(`sip:${number}@${HOST}`, { mediaStream: stream, pcConfig: { iceServers: [] } });
  }

  /** @param {State} state */
  #become(state) {
    if (state === "ready") {
      this.attempts = 0;
      clearTimeout(this.#silent);
    }
    this.state = state;
    this.events.changed();
  }

  /** @param {boolean} takeOver @returns {Promise<Credential | null>} null when it was refused; a server that is away is asked again */
  async #ask(takeOver) {
    const opened = this.#opened;
    for (;;) {
      try {
        const given = await request("POST", "/api/v1/phone", { page: this.page, take_over: takeOver });
        this.clock = Date.now() - Date.parse(given.now);
        return given;
      } catch (error) {
        if (opened !== this.#opened) return null;
        const away = error instanceof ApiError && (error.status === 0 || error.status >= 500);
        if (!away) {
          this.events.refused(error);
          return null;
        }
        this.#fail();
        await new Promise((resolve) => { this.#retry = setTimeout(resolve, this.#pause); });
        if (opened !== this.#opened) return null;
      }
    }
  }

  get #pause() {
    return RETRY_MS[Math.min(this.attempts, RETRY_MS.length) - 1] ?? 8000;
  }

  #fail() {
    this.attempts += 1;
    if (this.state !== "off") this.#become(this.state === "connecting" ? "connecting" : "lost");
  }

  /** @param {Credential} given */
  #start(given) {
    this.address = (given.addresses[0] ?? "").replace(/^ws/, "http").replace(/\/ws$/, "/");
    const agent = new JsSIP.UA({
      uri: `sip:${given.sip_user}@${HOST}`,
      password: given.sip_password,
      // The first leads straight to Asterisk, so that calls need no program of ours; the next where that cannot be reached.
      sockets: given.addresses.map((address, place) => ({ socket: new JsSIP.WebSocketInterface(address), weight: given.addresses.length - place })),
      register_expires: REGISTER_SECONDS,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 4,
    });
    this.#agent = agent;
    let connectedBefore = false;
    agent.on("connected", () => {
      if (connectedBefore) this.events.back();
      connectedBefore = true;
    });
    agent.on("disconnected", () => {
      this.#fail();
      if (this.state === "ready") this.#become("lost");
    });
    agent.on("registered", () => this.#become("ready"));
    agent.on("registrationExpiring", () => void this.#again());
    agent.on("registrationFailed", (/** @type {any} */ { response, cause }) => {
      this.#fail();
      if (this.state === "ready") this.#become("lost");
      if (!response) return; // the line was lost, and is being found again
      if (!REFUSED.includes(response.status_code) || this.attempts > RETRY_MS.length) return this.events.refused(new Error(`${response.status_code} ${cause}`));
      this.#retry = setTimeout(() => void this.#again(), this.#pause);
    });
    agent.on("newRTCSession", (/** @type {any} */ { originator, session }) => originator === "remote" && this.events.called(session));
    this.#silent = setTimeout(() => {
      this.attempts = Math.max(this.attempts, PATIENT);
      this.events.changed();
    }, SILENT_MS);
    agent.start();
  }

  /** Register anew, with a new password; while nobody gives one the old one must do. */
  async #again() {
    const agent = this.#agent;
    try {
      const given = await request("POST", "/api/v1/phone", { page: this.page, take_over: false });
      if (agent !== this.#agent) return;
      this.clock = Date.now() - Date.parse(given.now);
      agent.set("password", given.sip_password);
    } catch (error) {
      if (agent !== this.#agent) return;
      if (error instanceof ApiError && error.status === 409) return this.events.refused(error);
    }
    if (agent.isConnected()) agent.register();
  }
}
