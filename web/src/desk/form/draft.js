// One form as it is typed: kept in this browser three times a second, saved by the server once a second while it changes.
import { ApiError, request } from "../../core/api.js";
import { t } from "../../core/i18n.js";
import { newRequestId } from "../../core/request_id.js";
import { forget, keep } from "./kept.js";

const KEEP_MS = 300;
const SAVE_MS = 1000;
/** A server that takes longer than this is asked again. */
const PATIENCE_MS = 10_000;
const RETRY_MS = [1000, 2000, 3000];

/** @typedef {import("./kept.js").Kept} Kept */

/**
 * What the request came to, or that it takes too long: the same as a server that is not there.
 * @param {Promise<any>} asked
 * @param {number} [patience]
 */
export function inTime(asked, patience = PATIENCE_MS) {
  let timer = 0;
  const late = new Promise((_, reject) => {
    timer = window.setTimeout(() => reject(new ApiError(0, t("The server does not answer."))), patience);
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

export class Draft {
  /** The highest version that the server has, and when it got it. */
  savedVersion = 0;
  savedAt = "";
  /** Why the server does not have the last one; "" while nothing is wrong. */
  trouble = "";
  /** Number of the ticket that it has become, when the server says so. */
  sent = "";
  #keepTimer = 0;
  #saveTimer = 0;
  #failures = 0;
  #stopped = false;
  /** @type {Promise<void> | null} */
  #saving = null;
  #startedAt = 0;

  /**
   * @param {Kept} kept
   * @param {() => void} draw
   */
  constructor(kept, draw) {
    this.id = kept.id;
    this.linkedid = kept.linkedid;
    this.version = kept.version;
    this.fields = kept.fields;
    this.draw = draw;
  }

  /** @param {string | null} linkedid @param {Record<string, any>} fields @param {() => void} draw */
  static fresh(linkedid, fields, draw) {
    return new Draft({ id: newRequestId(), linkedid, version: 0, fields }, draw);
  }

  /** Whether anything was ever typed into it. */
  get touched() {
    return this.version > 0;
  }

  /** @returns {"" | "saving" | "saved" | "local"} what is true of the last character typed */
  get state() {
    if (!this.version) return "";
    if (this.savedVersion >= this.version) return "saved";
    return this.trouble ? "local" : "saving";
  }

  /** @param {Record<string, any>} fields */
  set(fields) {
    Object.assign(this.fields, fields);
    this.version += 1;
    // Not put off by the next keystroke: whoever types without a pause is kept as well.
    this.#keepTimer ||= window.setTimeout(() => this.flush(), KEEP_MS);
    this.#saveSoon(Math.max(0, SAVE_MS - (performance.now() - this.#startedAt)));
  }

  /** Keep it in this browser now. */
  flush() {
    clearTimeout(this.#keepTimer);
    this.#keepTimer = 0;
    if (!this.#stopped && this.version) keep({ id: this.id, linkedid: this.linkedid, version: this.version, fields: this.fields });
  }

  /** The server shall have it now; what it has already costs nothing. */
  saveNow() {
    if (this.version > this.savedVersion) this.#saveSoon(0);
  }

  /** @param {number} ms */
  #saveSoon(ms) {
    if (this.#stopped || this.#saveTimer || this.#saving) return;
    this.#saveTimer = window.setTimeout(() => {
      this.#saveTimer = 0;
      this.#saving = this.#save().finally(() => {
        this.#saving = null;
        const again = this.#failures ? RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1] : SAVE_MS;
        if (this.version > this.savedVersion && !this.sent) this.#saveSoon(again ?? SAVE_MS);
        this.draw();
      });
    }, ms);
  }

  async #save() {
    const { version, linkedid } = this;
    this.#startedAt = performance.now();
    try {
      const saved = await inTime(request("PUT", `/api/v1/drafts/${this.id}`, { version, linkedid, fields: this.fields }));
      this.#failures = 0;
      this.trouble = "";
      this.savedAt = saved.saved_at;
      // A higher one was typed elsewhere: what is typed last counts, and that is this.
      if (saved.version > version) this.version = Math.max(this.version, saved.version) + 1;
      else this.savedVersion = version;
    } catch (error) {
      this.#failures += 1;
      this.trouble = error instanceof ApiError ? error.message : String(error);
      if (error instanceof ApiError && error.status === 409 && error.fields["ticket"]) this.sent = error.fields["ticket"];
    }
  }

  /** No save is under way or will be, until `resume`: what is being sent is not to change. */
  async pause() {
    this.flush();
    this.#stopped = true;
    clearTimeout(this.#saveTimer);
    this.#saveTimer = 0;
    await this.#saving;
  }

  resume() {
    this.#stopped = false;
    this.flush();
    this.saveNow();
  }

  /** It is a ticket now: nothing of it stays here. The server has dropped its own with the ticket's opening. */
  async end() {
    await this.pause();
    forget(this.id);
  }

  /** It is not wanted. */
  async discard() {
    await this.end();
    if (this.version) await request("DELETE", `/api/v1/drafts/${this.id}`, {}).catch(() => null);
  }
}
