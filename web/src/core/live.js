// The live stream of the floor: a snapshot, then merge patches, for as long as the page is open.
//
// Read with fetch and not with EventSource, because EventSource hides two things that a wallboard must know: that the other
// side still lives (the server's pings are comments), and that the session is over (a 401 looks like any failure).
import { createParser } from "eventsource-parser";
import { serverNow, syncClock } from "./clock.js";
import { mergePatch } from "./merge.js";
import { sessionOver } from "./session.js";

/** The server pings every 5 s; after this long without a byte the line is dead, whatever TCP believes. */
const SILENCE_MS = 12_000;
const RETRY_MS = [500, 1000, 2000, 3000];

/**
 * @typedef {{id?: string, caller: string, position: number, since: string, desk?: string | null, moving?: boolean}} Waiting
 *   `desk`: the special desk that they wait for; `moving`: they go to another queue when the announcement that they hear is over
 * @typedef {{name: string, label: string, agents: string[]}} SpecialDesk with whoever sits there now
 * @typedef {"signed_out" | "ready" | "break" | "ringing" | "talking" | "wrap_up"} SeatState
 * @typedef {{seat: string, agent?: string, name?: string, state: SeatState, reason?: string, since?: string,
 *   caller?: string, phone: boolean, phone_kind?: "sip" | "browser" | null, until?: string, callback?: Dialling, follow_up?: Dialling & {ticket?: string}, talk?: Aside | null}} Seat
 * @typedef {{stage: "talking" | "held" | "dialling" | "consulting" | "three_way" | "offered" | "asked" | "joined", kind?: "seat" | "unit" | "outside" | "police" | null, who?: string,
 *   result?: string | null, since?: string}} Aside a talk that is more than citizen and agent; `result`: why the third was not reached
 * @typedef {{id: number, caller: string, stage: "ringing" | "dialling" | "talking"}} Dialling a callback or follow-up under way at a seat
 * @typedef {"calm" | "warning" | "reinforce" | "offer" | "full"} PolicyLevel
 * @typedef {{level: PolicyLevel, since?: string, predicted_wait?: number, within_minutes?: number, called_back?: string[],
 *   reserves?: string[]}} Policy what the queue rule's policy does now; a predicted wait in seconds
 * @typedef {{open: number, dialling: number, overdue: number, escalated: number, held: number, next_due?: string,
 *   mode?: "automatic" | "preview" | "off", line?: boolean}} Owed the callbacks, counted
 * @typedef {Record<string, {since?: string} & Record<string, unknown>>} Alarms by kind
 * @typedef {{numerator: number, denominator: number, value?: number, target: number, met?: boolean}} Rate
 * @typedef {{day?: string, calls?: number, answer_rate?: Rate, answer_rate_30s?: Rate, missed?: number,
 *   called_back?: number}} Figures
 * @typedef {{asterisk: string, database: string, seats: Record<string, Seat>, figures: Figures,
 *   queue: {limit: number, max: number, waiting: Waiting[], in_greeting: number, max_waiting_seen: number},
 *   desks?: SpecialDesk[], phones?: Record<string, string>, announcement?: {on: boolean}, policy?: Policy, callbacks?: Owed, alarms?: Alarms, now: string}} Floor
 */

export class Live {
  /** @type {Partial<Floor> | null} the floor as last heard, null before the first snapshot */
  floor = null;
  /** @type {"connecting" | "live" | "lost"} */
  link = "connecting";
  /** Failed attempts since the stream was last alive. */
  attempts = 0;
  /** Server time of the last sign of life, milliseconds. */
  heardAt = 0;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {Map<string, Set<(news: any) => void>>} */
  #news = new Map();
  #announced = false;
  #started = false;
  #url;

  /** @param {string} url */
  constructor(url) {
    this.#url = url;
  }

  /** The time that ages are counted to: it stands still while the stream is gone, as the data does. */
  get now() {
    return this.link === "lost" ? this.heardAt : serverNow();
  }

  /**
   * Call `changed` after every change of the floor or of the link; starts the stream when it is the first.
   * @param {() => void} changed
   */
  subscribe(changed) {
    this.#listeners.add(changed);
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    }
  }

  /**
   * Call `heard` with each piece of news of this name, which is for this reader alone and no part of the floor. What came
   * while the stream was away is lost: `snapshot` is news of its own, after which one asks for what was missed.
   * @param {string} name @param {(news: any) => void} heard
   */
  onNews(name, heard) {
    const listeners = this.#news.get(name) ?? new Set();
    this.#news.set(name, listeners.add(heard));
  }

  // One rendering for all the events of one network read: a microtask, because animation frames stop in hidden tabs.
  #changed() {
    if (this.#announced) return;
    this.#announced = true;
    queueMicrotask(() => {
      this.#announced = false;
      for (const changed of this.#listeners) changed();
    });
  }

  async #run() {
    for (;;) {
      try {
        await this.#read();
      } catch {
        // Refused, reset, silent or not ours: all are "lost", and the next attempt tells more.
      }
      if (this.link !== "lost") this.heardAt ||= serverNow();
      this.link = "lost";
      this.attempts += 1;
      this.#changed();
      const pause = RETRY_MS[Math.min(this.attempts, RETRY_MS.length) - 1] ?? 3000;
      await new Promise((resolve) => setTimeout(resolve, pause * (0.75 + Math.random() / 2)));
    }
  }

  async #read() {
    const abort = new AbortController();
    let watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
    try {
      const response = await fetch(this.#url, {
        headers: { Accept: "text/event-stream" },
        cache: "no-store",
        signal: abort.signal,
      });
      if (response.status === 401) sessionOver();
      if (!response.ok || !response.body) return;
      const parser = createParser({ onEvent: (event) => this.#event(event) });
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
        parser.feed(decoder.decode(value, { stream: true }));
        this.heardAt = serverNow();
      }
    } finally {
      clearTimeout(watchdog);
      abort.abort();
    }
  }

  /** @param {{event?: string, data: string}} event */
  #event({ event, data }) {
    if (event !== "snapshot" && event !== "patch") {
      const listeners = this.#news.get(event ?? "");
      if (listeners) for (const heard of listeners) heard(JSON.parse(data));
      return;
    }
    const part = JSON.parse(data);
    // A patch without a document to apply it to is no floor: wait for the snapshot.
    if (event === "patch" && !this.floor) return;
    this.floor = /** @type {Partial<Floor>} */ (event === "snapshot" ? part : mergePatch(this.floor, part));
    if (part.now) syncClock(part.now);
    this.heardAt = serverNow();
    this.link = "live";
    this.attempts = 0;
    if (event === "snapshot") for (const heard of this.#news.get("snapshot") ?? []) heard(part);
    this.#changed();
  }
}

/** The one stream that all parts of a page share. */
export const live = new Live("/api/v1/live");
