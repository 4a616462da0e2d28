// One call on this phone: what it does, and what brings its speech back when the network was gone for a while.
import { Listener } from "./quality.js";

/** @typedef {"ringing" | "calling" | "talking" | "over"} CallState */

/** A connection that falters for less than this mends itself. */
const PATIENCE_MS = 2500;
const LOOK_MS = 1000;
const TERMINATED = 8;
/** Why JsSIP ends a call when ICE has failed. */
const NO_SPEECH = "RTP Timeout";

export class Call {
  /** @type {CallState} */
  state;
  /** Whether speech flows; "lost" while the network is away. @type {"none" | "flowing" | "lost"} */
  media = "none";
  muted = false;
  /** What was keyed so far. */
  keyed = "";
  /** When the talk began, by this page's monotonic clock. */
  since = 0;
  /** @type {number | null} from 1 to 4.4 */
  score = null;
  /** @type {MediaStream | null} */
  stream = null;
  /** @type {MediaStream | null} what the other side says */
  heard = null;
  /** @type {RTCPeerConnection | null} */
  #connection = null;
  #listener = new Listener();
  #mend = 0;
  #look = 0;

  /**
   * @param {any} session JsSIP's
   * @param {{number: string, incoming: boolean, test?: boolean}} about
   * @param {{changed: () => void, over: (cause: string) => void, connected: () => boolean}} events
   */
  constructor(session, about, events) {
    this.session = session;
    this.about = about;
    this.events = events;
    this.state = about.incoming ? "ringing" : "calling";
    // JsSIP ends a call whose speech finds no way any more. Here another way is looked for; where there is none for long,
    // Asterisk ends it.
    const terminate = session.terminate.bind(session);
    session.terminate = (/** @type {any} */ options) => options?.cause === NO_SPEECH || terminate(options);
    if (session.connection) this.#watch(session.connection);
    session.on("peerconnection", (/** @type {any} */ { peerconnection }) => this.#watch(peerconnection));
    session.on("accepted", () => this.#begin());
    session.on("confirmed", () => this.#begin());
    session.on("ended", (/** @type {any} */ { cause }) => this.#end(cause));
    session.on("failed", (/** @type {any} */ { cause }) => this.#end(cause));
  }

  /** @param {MediaStream} stream the microphone */
  answer(stream) {
    this.stream = stream;
    this.session.answer({ mediaStream: stream, pcConfig: { iceServers: [] } });
  }

  hangUp() {
    if (this.state !== "over") this.session.terminate();
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    this.#silence();
    this.events.changed();
  }

  #silence() {
    this.stream?.getAudioTracks().forEach((track) => { track.enabled = !this.muted; });
  }

  /** @param {string} key 0 to 9, * or # */
  key(key) {
    if (this.state !== "talking" || !/^[0-9*#]$/.test(key)) return;
    this.keyed = (this.keyed + key).slice(-24);
    const sender = this.#connection?.getSenders().find(({ dtmf }) => dtmf);
    this.session.sendDTMF(key, { transportType: sender?.dtmf?.canInsertDTMF ? "RFC2833" : "INFO", duration: 160 });
    this.events.changed();
  }

  /** Speak through another microphone. @param {MediaStream} stream */
  async speakThrough(stream) {
    this.stream = stream;
    this.#silence();
    const [track] = stream.getAudioTracks();
    await Promise.all((this.#connection?.getSenders() ?? []).filter(({ track: one }) => one?.kind === "audio").map((sender) => sender.replaceTrack(track ?? null)));
  }

  /** The line is there again after it was gone: tell Asterisk where to, and bring speech back where that stopped too. */
  lineIsBack() {
    if (this.state !== "talking") return;
    if (this.media === "lost") return this.#restart();
    // Asterisk would tell of the call's end on a line that is no more. This refreshes where it calls, and ends a call that
    // ended meanwhile.
    this.session.sendRequest("UPDATE", {
      extraHeaders: [`Contact: ${this.session.contact}`],
      eventHandlers: { onDialogError: () => this.hangUp(), onErrorResponse: () => {}, onSuccessResponse: () => {}, onTransportError: () => {}, onRequestTimeout: () => {} },
    });
  }

  #begin() {
    if (this.state === "talking" || this.state === "over") return;
    this.state = "talking";
    this.since = performance.now();
    this.#look = setInterval(() => void this.#listener.score(this.#connection).then((score) => {
      if (score === this.score) return;
      this.score = score;
      this.events.changed();
    }), LOOK_MS);
    this.events.changed();
  }

  /** @param {string} cause */
  #end(cause) {
    if (this.state === "over") return;
    this.state = "over";
    clearInterval(this.#look);
    clearTimeout(this.#mend);
    this.events.over(cause);
  }

  /** @param {RTCPeerConnection} connection */
  #watch(connection) {
    if (this.#connection === connection) return;
    this.#connection = connection;
    connection.addEventListener("track", ({ track }) => {
      this.heard = new MediaStream([track]);
      this.events.changed();
    });
    connection.addEventListener("iceconnectionstatechange", () => this.#judge(connection));
  }

  /** @param {RTCPeerConnection} connection */
  #judge({ iceConnectionState: state }) {
    if (state === "connected" || state === "completed") {
      clearTimeout(this.#mend);
      this.media = "flowing";
    } else if (state === "disconnected" || state === "failed") {
      this.media = "lost";
      clearTimeout(this.#mend);
      this.#mend = setTimeout(() => this.#restart(), state === "failed" ? 0 : PATIENCE_MS);
    }
    this.events.changed();
  }

  /** Find a way for speech anew (ICE restart). */
  #restart() {
    if (this.media !== "lost" || this.session.status === TERMINATED || !this.events.connected()) return; // when the line is back
    // A new way may be found before the state has changed at all.
    this.session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, () => this.#connection && this.#judge(this.#connection));
    clearTimeout(this.#mend);
    this.#mend = setTimeout(() => this.#restart(), 3 * PATIENCE_MS);
  }
}
