// The phone of a seat, in this page: the line, the microphone, the ring, and the one call that there may be.
import { ApiError } from "../core/api.js";
import { t } from "../core/i18n.js";
import { live } from "../core/live.js";
import { Call } from "./call.js";
import { Devices, close } from "./devices.js";
import { Line } from "./line.js";
import { Meter } from "./meter.js";
import { pageName } from "./one_tab.js";
import { Ringer } from "./ringer.js";
import { onceHeard, silence, silenced } from "./sound.js";
import { clockWords, ofMicrophone } from "./trouble.js";

/** What the dialplan answers with one's own voice. */
const ECHO = "*43";
/** Troubles that are over once a microphone was opened. */
const MICROPHONE = ["no_microphone", "denied", "busy_microphone", "lost_microphone", "other"];

export class Phone {
  /** @type {import("./trouble.js").Trouble | null} */
  trouble = null;
  /** @type {Call | null} */
  call = null;
  /** Something to know that hinders nothing: a headset that came or went. */
  told = "";
  /** The keys are shown. */
  keypad = false;
  /** The settings are open. */
  settings = false;
  ringer = new Ringer();
  microphone = new Meter();
  loudspeaker = new Meter();
  /** @type {Line | null} */
  line = null;
  /** @type {MediaStream | null} the microphone while the settings are open */
  trial = null;
  #seat = "";
  #page = "";
  #ear = new Audio();
  /** @type {Promise<MediaStream> | null} opened while it rings, so that answering takes no time */
  #opening = null;
  /** @type {Notification | null} */
  #note = null;
  #started = 0;
  #mine = false;
  #answering = false;
  #using = Promise.resolve();

  /** @param {() => void} draw */
  constructor(draw) {
    this.draw = draw;
    this.devices = new Devices(() => void this.#devicesChanged());
    this.#ear.autoplay = true;
    addEventListener("pagehide", () => this.#leave());
    addEventListener("beforeunload", (event) => {
      if (this.call?.state === "talking") event.preventDefault();
    });
  }

  /** @returns {"off" | "connecting" | "ready" | "lost"} */
  get state() {
    return this.line?.state ?? "off";
  }

  /** What to say of this computer's clock; "" when it is right. */
  get clock() {
    return clockWords(this.line?.clock ?? 0);
  }

  /** Be the phone of `seat`; once. @param {string} seat */
  async start(seat) {
    if (this.#seat === seat) return;
    this.#seat = seat;
    const started = ++this.#started;
    this.#page ||= await pageName();
    await this.devices.watch();
    if (started === this.#started) await this.connect();
  }

  /** The agent has left the seat. */
  stop() {
    if (!this.#seat) return;
    this.#seat = "";
    this.#started += 1;
    this.call?.hangUp();
    this.line?.close();
    this.line = null;
    this.trouble = null;
    this.closeSettings();
  }

  /** Make sure of the microphone, then register. @param {boolean} [takeOver] */
  async connect(takeOver = false) {
    if (this.call?.stream) return this.#use(); // all that a call lacks is its microphone; a new line would end it
    this.trouble = null;
    this.#mine = false;
    if (!isSecureContext) return this.#fail({ kind: "insecure" });
    if (!navigator.mediaDevices || !window.RTCPeerConnection) return this.#fail({ kind: "unsupported" });
    try {
      close(await this.devices.open());
    } catch (error) {
      return this.#fail(ofMicrophone(error));
    }
    if (!this.#seat) return;
    if (silenced()) onceHeard(this.draw);
    this.ringer.prepare();
    this.line ??= new Line(this.#page, {
      changed: () => this.#lineChanged(),
      refused: (error) => this.#refused(error),
      called: (session) => this.#ring(session),
      back: () => this.call?.lineIsBack(),
    });
    await this.line.open(takeOver);
  }

  /** Leave the calls to the other window. */
  standBack() {
    this.trouble = { kind: "taken" };
    this.draw();
  }

  /**
   * What the floor says: another page may have become this seat's phone. What it says may be older than what we have just
   * been granted, so it counts once it has named this page.
   * @param {Partial<import("../core/live.js").Floor> | null} floor
   */
  hear(floor) {
    const holder = floor?.phones?.[this.#seat];
    if (holder === this.#page) this.#mine = true;
    if (!this.#mine || !holder || holder === this.#page || !this.line) return;
    this.#mine = false;
    this.call?.hangUp();
    this.line.close();
    this.#fail({ kind: "taken" });
  }

  async answer() {
    const { call } = this;
    if (call?.state !== "ringing" || !this.#opening || this.#answering) return;
    this.#answering = true;
    try {
      // What could not be opened when it began to ring may be plugged in by now.
      const stream = await this.#opening.catch(() => this.devices.open());
      if (call !== this.call) return close(stream); // it is over
      this.#quiet();
      call.answer(stream);
      this.microphone.listen(stream);
      if (MICROPHONE.includes(this.trouble?.kind ?? "")) this.trouble = null;
    } catch (error) {
      this.#fail(ofMicrophone(error));
    } finally {
      this.#answering = false;
    }
    this.draw();
  }

  hangUp() {
    this.call?.hangUp();
  }

  toggleMute() {
    this.call?.mute(!this.call.muted);
  }

  toggleKeypad() {
    this.keypad = !this.keypad;
    this.draw();
  }

  /** Call oneself, to hear how one sounds. */
  async testCall() {
    if (this.call || this.state !== "ready") return;
    try {
      const stream = await this.devices.open();
      const session = this.line?.call(ECHO, stream);
      const call = new Call(session, { number: ECHO, incoming: false, test: true }, this.#events());
      call.stream = stream;
      this.#take(call);
      this.microphone.listen(stream);
    } catch (error) {
      this.#fail(ofMicrophone(error));
    }
    this.draw();
  }

  async openSettings() {
    this.settings = true;
    this.draw();
    if (!this.call) {
      this.trial = await this.devices.open().catch(() => null);
      if (!this.settings) return close(this.trial);
      this.microphone.listen(this.trial);
    }
    this.draw();
  }

  closeSettings() {
    this.settings = false;
    this.ringer.stop();
    close(this.trial);
    this.trial = null;
    if (!this.call) this.microphone.listen(null);
    this.draw();
  }

  /** @param {import("./devices.js").Use} use @param {string} id */
  async choose(use, id) {
    this.devices.choose(use, id);
    await this.#use();
  }

  tryRing() {
    if (this.ringer.rings) this.ringer.stop();
    else this.ringer.start(this.devices.id("ring"));
    this.draw();
  }

  /** Take the devices that are chosen and there, into the call too; one change after the other, for a headset is several devices. */
  #use() {
    this.#using = this.#using.then(() => this.#useNow());
    return this.#using;
  }

  async #useNow() {
    void (/** @type {any} */ (this.#ear)).setSinkId?.(this.devices.id("output")).catch(() => {});
    const speaking = this.call?.stream ?? this.trial;
    if (speaking) {
      try {
        const stream = await this.devices.open();
        if (this.call) await this.call.speakThrough(stream);
        else if (this.trial) this.trial = stream;
        else return close(stream); // over meanwhile
        close(speaking);
        this.microphone.listen(stream);
        if (this.trouble?.kind === "lost_microphone") this.trouble = null;
      } catch (error) {
        if (this.call) await this.#loseMicrophone(this.call);
        else this.#fail(ofMicrophone(error));
      }
    }
    this.draw();
  }

  /** The call goes on, with silence for speech. @param {Call} call */
  async #loseMicrophone(call) {
    const before = call.stream;
    await call.speakThrough(silence());
    close(before);
    this.microphone.listen(null);
    this.#fail({ kind: "lost_microphone" });
  }

  async #devicesChanged() {
    const before = this.told;
    const [microphone, speaker] = [this.devices.missing("input"), this.devices.missing("output")];
    this.told = microphone || speaker ? t("“{device}” is unplugged; the next best device is used until it is back.", { device: microphone || speaker }) : "";
    if (before && !this.told) this.told = t("Your headset is back.");
    if (this.call || this.trial) await this.#use();
    else if (!this.devices.hasMicrophone && this.line && this.line.state !== "off") {
      // Whoever cannot speak gets no calls.
      this.line.close();
      this.#fail({ kind: "no_microphone" });
    } else if (this.devices.hasMicrophone && this.trouble?.kind === "no_microphone") await this.connect();
    this.draw();
  }

  /** @param {any} session */
  #ring(session) {
    if (this.call) return session.terminate({ status_code: 486 });
    const call = new Call(session, { number: session.remote_identity.uri.user, incoming: true }, this.#events());
    this.#take(call);
    this.#opening = this.devices.open();
    this.#opening.catch((error) => this.#fail(ofMicrophone(error)));
    this.ringer.start(this.devices.id("ring"));
    if (document.hidden && window.Notification?.permission === "granted") {
      this.#note = new Notification(t("A citizen is calling"), { body: call.about.number, tag: "ring", requireInteraction: true });
      this.#note.onclick = () => window.focus();
    }
    this.draw();
  }

  /** @param {Call} call */
  #take(call) {
    this.call = call;
    this.keypad = false;
    this.told = "";
    if (this.trial) {
      close(this.trial);
      this.trial = null;
    }
  }

  #events() {
    return {
      changed: () => {
        const { call } = this;
        if (call?.heard && this.#ear.srcObject !== call.heard) {
          this.#ear.srcObject = call.heard;
          void (/** @type {any} */ (this.#ear)).setSinkId?.(this.devices.id("output")).catch(() => {});
          void this.#ear.play().catch(() => onceHeard(() => void this.#ear.play()));
          this.loudspeaker.listen(call.heard);
        }
        this.draw();
      },
      over: (/** @type {string} */ cause) => void this.#over(cause),
      connected: () => Boolean(this.line?.connected),
    };
  }

  /** @param {string} _cause */
  async #over(_cause) {
    const { call } = this;
    this.#quiet();
    this.call = null;
    this.keypad = false;
    this.#ear.srcObject = null;
    this.microphone.listen(null);
    this.loudspeaker.listen(null);
    close(call?.stream);
    const opened = this.#opening;
    this.#opening = null;
    if (this.trouble?.kind === "lost_microphone") this.trouble = null;
    this.draw();
    close(await opened?.catch(() => null));
    if (this.settings) void this.openSettings();
  }

  #quiet() {
    this.ringer.stop();
    this.#note?.close();
    this.#note = null;
  }

  #lineChanged() {
    const { line } = this;
    if (line?.state === "ready" && ["line", "server", "telephony", "refused"].includes(this.trouble?.kind ?? "")) this.trouble = null;
    else if (line?.overdue && line.state !== "ready" && !this.trouble) {
      this.trouble = { kind: live.link === "lost" ? "server" : live.floor?.asterisk === "down" ? "telephony" : "line" };
    }
    this.draw();
  }

  /** @param {unknown} error */
  #refused(error) {
    const held = error instanceof ApiError && "take_over" in error.fields;
    const detail = error instanceof Error ? error.message : String(error);
    this.line?.close();
    this.#fail(held ? { kind: "held" } : { kind: "refused", detail });
  }

  /** @param {import("./trouble.js").Trouble} trouble */
  #fail(trouble) {
    this.trouble = trouble;
    this.draw();
  }

  /** The page is being closed: its phone is nobody's any more, and the next page need not ask. */
  #leave() {
    if (!this.#seat || this.state === "off") return;
    void fetch("/api/v1/phone", {
      method: "DELETE",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ page: this.#page }),
      keepalive: true,
    }).catch(() => {});
    this.line?.close();
  }
}

