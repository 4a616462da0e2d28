// Hearing a recorded conversation: waveform of both sides, seeking by mouse and keyboard, speed, and the legal hold.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { duration, longDay, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { phone } from "../core/phone.js";
import { newRequestId } from "../core/request_id.js";
import { may } from "../core/rights.js";
import { drawWaveform } from "./waveform.js";

/**
 * @typedef {{id: number, call: number, caller: string, agent: string | null, ticket: string | null, started_at: string,
 *   seconds: number, state: "kept" | "deleted" | "lost", delete_after: string, gone_at: string | null,
 *   hold: {reason: string, by: string, at: string} | null}} Recording
 */

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const STEP_SECONDS = 5;
/** A talk that has just ended is being stored: asked for again after so long, so often. */
const AGAIN_MS = 2000;
const MOST_TRIES = 15;

/**
 * What says that a call was recorded: for those who may hear it, the way to do so.
 * @param {{id: number | string, recording?: string | null, ended_at?: string | null}} call without `ended_at` it is over
 */
export function recordedMark(call) {
  if (!call.recording) return nothing;
  if (call.ended_at === null || !may("recordings.hear")) return html`<span class="chip" data-tone="dim">${t("Recorded")}</span>`;
  return html`<button class="button small hear" type="button" data-call=${call.id}
    @click=${(/** @type {Event} */ event) => { event.stopPropagation(); openPlayer(call.id); }}>${icon("play")}${t("Listen")}</button>`;
}

/** Open the player of a call's recording. @param {number | string} call id of the call */
export function openPlayer(call) {
  new Player(call).open();
}

class Player {
  #call;
  #dialog = document.createElement("dialog");
  #audio = new Audio();
  /** Names this opening in the audit trail, however many parts of the sound it asks for. */
  #opening = newRequestId();
  /** @type {Recording | null} */
  #recording = null;
  /** @type {import("./waveform.js").Shape | null} */
  #shape = null;
  #fault = "";
  #tries = 0;
  /** @type {number | null} share of the time under the mouse */
  #hover = null;
  #holding = false;
  #frame = 0;
  #sizes = new ResizeObserver(() => this.#paint());

  /** @param {number | string} call */
  constructor(call) {
    this.#call = call;
  }

  open() {
    this.#dialog.className = "player";
    this.#dialog.setAttribute("aria-label", t("Recording"));
    this.#dialog.addEventListener("close", () => this.#gone());
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    // A click beside the player closes it, as people expect.
    this.#dialog.addEventListener("click", (event) => { if (event.target === this.#dialog) this.#dialog.close(); });
    document.body.append(this.#dialog);
    this.#audio.preload = "metadata";
    for (const name of ["play", "pause", "ratechange", "ended", "seeked", "waiting", "playing", "loadedmetadata"]) {
      this.#audio.addEventListener(name, () => this.#draw());
    }
    this.#audio.addEventListener("error", () => this.#failed());
    this.#draw();
    this.#dialog.showModal();
    void this.#load();
  }

  #gone() {
    cancelAnimationFrame(this.#frame);
    this.#sizes.disconnect();
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    this.#audio.load();
    this.#dialog.remove();
  }

  async #load() {
    try {
      const [found] = await request("GET", `/api/v1/recordings?call=${encodeURIComponent(this.#call)}`);
      if (!this.#dialog.isConnected) return;
      if (!found) {
        this.#tries += 1;
        if (this.#tries < MOST_TRIES) setTimeout(() => { if (this.#dialog.isConnected) void this.#load(); }, AGAIN_MS);
        this.#draw();
        return;
      }
      this.#recording = found;
      if (found.state === "kept") {
        this.#audio.src = `/api/v1/recordings/${found.id}/audio?opening=${this.#opening}`;
        this.#shape = await request("GET", `/api/v1/recordings/${found.id}/waveform`);
      }
    } catch (error) {
      this.#fault = error instanceof ApiError ? error.message : String(error);
    }
    this.#draw();
  }

  /** The browser says only that it cannot play; the server is asked why. */
  async #failed() {
    if (!this.#audio.src || !this.#dialog.isConnected) return;
    this.#fault = t("The recording cannot be played.");
    try {
      const answer = await fetch(this.#audio.src, { headers: { Range: "bytes=0-0" }, cache: "no-store" });
      if (!answer.ok) this.#fault = (await answer.json()).error ?? this.#fault;
    } catch {
      this.#fault = t("The server cannot be reached. Please try again.");
    }
    this.#draw();
  }

  get #seconds() {
    return Number.isFinite(this.#audio.duration) ? this.#audio.duration : this.#recording?.seconds ?? 0;
  }

  /** @param {number} seconds */
  #seek(seconds) {
    this.#audio.currentTime = Math.min(Math.max(seconds, 0), this.#seconds);
    this.#draw();
  }

  #toggle() {
    if (this.#audio.paused) void this.#audio.play().catch(() => this.#draw());
    else this.#audio.pause();
  }

  /** @param {number} steps */
  #faster(steps) {
    const at = SPEEDS.indexOf(this.#audio.playbackRate);
    this.#playAt(SPEEDS[Math.min(Math.max(at + steps, 0), SPEEDS.length - 1)] ?? 1);
  }

  /** Shown at once: the sound says that its speed has changed when it comes to it. @param {number} speed */
  #playAt(speed) {
    this.#audio.playbackRate = speed;
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (this.#recording?.state !== "kept" || target.closest("textarea, select, input") || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === " " && target.closest("button, a")) return;
    const step = event.shiftKey ? 6 * STEP_SECONDS : STEP_SECONDS;
    const deed = /** @type {Record<string, () => void>} */ ({
      " ": () => this.#toggle(),
      ArrowLeft: () => this.#seek(this.#audio.currentTime - step),
      ArrowRight: () => this.#seek(this.#audio.currentTime + step),
      ArrowUp: () => this.#faster(1),
      ArrowDown: () => this.#faster(-1),
      Home: () => this.#seek(0),
      End: () => this.#seek(this.#seconds),
    })[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  }

  /** @param {PointerEvent} event */
  #share({ clientX, currentTarget }) {
    const { left, width } = /** @type {HTMLElement} */ (currentTarget).getBoundingClientRect();
    return Math.min(Math.max((clientX - left) / width, 0), 1);
  }

  /** @param {PointerEvent} event */
  #pressed = (event) => {
    /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
    this.#seek(this.#share(event) * this.#seconds);
  };

  /** @param {PointerEvent} event */
  #moved = (event) => {
    this.#hover = this.#share(event);
    if (event.buttons & 1) this.#seek(this.#hover * this.#seconds);
    else this.#draw();
  };

  /** @param {SubmitEvent} event */
  #heldOrReleased = async (event) => {
    event.preventDefault();
    const recording = this.#recording;
    if (!recording) return;
    const reason = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("reason") ?? "").trim();
    try {
      this.#recording = await request("POST", `/api/v1/recordings/${recording.id}/${recording.hold ? "release" : "hold"}`, { reason });
      this.#holding = false;
      this.#fault = "";
    } catch (error) {
      this.#fault = error instanceof ApiError ? error.message : String(error);
    }
    this.#draw();
  };

  #draw() {
    render(this.#view(), this.#dialog);
    this.#paint();
    cancelAnimationFrame(this.#frame);
    if (!this.#audio.paused && !this.#audio.ended) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #paint() {
    const canvas = this.#dialog.querySelector("canvas");
    if (!canvas || !this.#shape) return;
    this.#sizes.observe(canvas);
    drawWaveform(canvas, this.#shape, { at: this.#seconds ? this.#audio.currentTime / this.#seconds : 0, hover: this.#hover });
  }

  #view() {
    const recording = this.#recording;
    return html`
      <header class="player-head">
        <div><h2>${t("Recording")}</h2>
          ${recording ? html`<p>${phone("call", recording.call, "caller", recording.caller)}<span>${t("Agent")} ${recording.agent ?? "—"}</span>
            <span>${shortMoment(recording.started_at)}</span>${recording.ticket ? html`<a href="/tickets/${recording.ticket}">${t("Ticket")} ${recording.ticket}</a>` : nothing}
            ${recording.hold ? html`<span class="chip" data-tone="note">${t("On legal hold")}</span>` : nothing}</p>` : nothing}</div>
        <button class="button quiet small" type="button" @click=${() => this.#dialog.close()}>${t("Close")}<kbd>Esc</kbd></button>
      </header>
      ${this.#fault ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}${this.#fault}</p>` : nothing}
      ${recording ? this.#body(recording) : this.#waiting()}`;
  }

  #waiting() {
    if (this.#fault) return nothing;
    return this.#tries >= MOST_TRIES
      ? html`<p class="empty">${icon("none")}${t("There is no recording of this call.")}</p>`
      : html`<p class="empty" aria-busy="true">${this.#tries ? t("The recording is being stored…") : t("Loading…")}</p>`;
  }

  /** @param {Recording} recording */
  #body(recording) {
    if (recording.state === "deleted") {
      return html`<p class="empty">${icon("none")}${t("Deleted on {time}: its time was over.", { time: shortMoment(recording.gone_at) })}</p>`;
    }
    if (recording.state === "lost") {
      return html`<p class="notice" data-tone="bad">${icon("warn")}${t("The recording has been lost from the disk. Please tell the administrator.")}</p>`;
    }
    const [at, seconds] = [this.#audio.currentTime, this.#seconds];
    const playing = !this.#audio.paused && !this.#audio.ended;
    return html`
      <div class="lanes"><div aria-hidden="true"><span data-tone="busy">${t("Agent")}</span><span data-tone="note">${t("Citizen")}</span></div>
      <canvas class="waveform" tabindex="0" role="slider" aria-label=${t("Place in the recording")} aria-valuemin="0" aria-valuemax=${Math.round(seconds)}
        aria-valuenow=${Math.floor(at)} aria-valuetext=${`${duration(Math.floor(at))} / ${duration(Math.round(seconds))}`}
        @pointerdown=${this.#pressed} @pointermove=${this.#moved} @pointerleave=${() => { this.#hover = null; this.#draw(); }}></canvas></div>
      <div class="player-bar">
        <button class="button primary" type="button" data-testid="play" @click=${() => this.#toggle()}>${icon(playing ? "pause" : "play")}${playing ? t("Pause") : t("Play")}</button>
        <button class="button small" type="button" @click=${() => this.#seek(at - STEP_SECONDS)}>−${STEP_SECONDS} ${t("s")}</button>
        <button class="button small" type="button" @click=${() => this.#seek(at + STEP_SECONDS)}>+${STEP_SECONDS} ${t("s")}</button>
        <p class="player-time number" data-testid="time">${duration(Math.floor(at))}<span> / ${duration(Math.round(seconds))}</span>${
          this.#hover === null ? nothing : html`<small>${t("to {time}", { time: duration(Math.floor(this.#hover * seconds)) })}</small>`}</p>
        <div class="speeds" role="group" aria-label=${t("Speed")}>${SPEEDS.map((speed) => html`<button type="button" aria-pressed=${String(this.#audio.playbackRate === speed)}
          @click=${() => this.#playAt(speed)}>${speed}×</button>`)}</div>
      </div>
      <p class="hint player-keys"><kbd>${t("Space")}</kbd> ${t("play or pause")} <kbd>←</kbd><kbd>→</kbd> ${t("5 seconds")} <kbd>↑</kbd><kbd>↓</kbd> ${t("speed")}</p>
      ${this.#keeping(recording)}`;
  }

  /** @param {Recording} recording */
  #keeping({ hold, delete_after: until }) {
    const can = may("recordings.hold");
    return html`<footer class="player-hold">
      <p>${hold
        ? t("On legal hold by {who} since {time}: {reason}", { who: hold.by, time: shortMoment(hold.at), reason: hold.reason })
        : t("Kept until {time}", { time: longDay(until) })}</p>
      ${!can ? nothing : this.#holding
        ? html`<form @submit=${this.#heldOrReleased}><label><span>${hold ? t("Why it is released") : t("Why it is held")}</span>
            <input name="reason" required maxlength="500" autocomplete="off"></label>
            <div class="buttons"><button class="button primary small" type="submit">${hold ? t("Release") : t("Hold")}</button>
            <button class="button quiet small" type="button" @click=${() => { this.#holding = false; this.#draw(); }}>${t("Cancel")}</button></div></form>`
        : html`<button class="button small" type="button" @click=${() => { this.#holding = true; this.#draw(); this.#dialog.querySelector("input")?.focus(); }}>${icon("lock")}${hold ? t("Release the hold") : t("Put on legal hold")}</button>`}
    </footer>`;
  }
}
