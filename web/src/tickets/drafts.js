// What is typed into a step and not yet sent: kept in this browser at every keystroke and by the server soon after,
// so that neither a crash nor a colleague who was faster loses a word.
import { request } from "../core/api.js";
import { newRequestId } from "../core/request_id.js";
import { listed } from "./reference_data.js";

const SAVE_MS = 1000;
const { login = "" } = document.documentElement.dataset;

/** @typedef {{id: string, version: number, fields: Record<string, any>}} Kept */

/** @param {string} number @param {string} move */
const keyOf = (number, move) => `step.${login}.${number}.${move}`;

/** @param {string} key @returns {Kept | null} */
function read(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null");
    return kept && typeof kept.id === "string" && typeof kept.fields === "object" ? kept : null;
  } catch {
    return null;
  }
}

/** @param {string} key @param {Kept | null} kept */
function write(key, kept) {
  try {
    if (kept) localStorage.setItem(key, JSON.stringify(kept));
    else localStorage.removeItem(key);
  } catch {
    // Storage is full or switched off: the server's draft remains.
  }
}

/** Bring what the server kept of steps of this request into this browser, where it has nothing newer. @param {string} number */
export async function fetchDrafts(number) {
  const answer = await request("GET", "/api/v1/drafts").catch(() => []);
  for (const { id, version, fields, ticket } of listed(answer)) {
    if (ticket !== number || typeof fields?.move !== "string") continue;
    const key = keyOf(number, fields.move);
    if ((read(key)?.version ?? 0) < version) write(key, { id, version, fields });
  }
}

/** Steps of this request into which something was typed. @param {string} number @param {string[]} moves */
export const begun = (number, moves) => moves.filter((move) => read(keyOf(number, move)) !== null);

export class StepDraft {
  #key;
  #number;
  #move;
  /** @type {Kept} */
  #kept;
  #timer = 0;
  /** @type {"" | "kept" | "saved"} what is true of the last word typed */
  state = "";

  /** @param {string} number @param {string} move @param {() => void} draw */
  constructor(number, move, draw) {
    this.#key = keyOf(number, move);
    this.#number = number;
    this.#move = move;
    this.draw = draw;
    this.#kept = read(this.#key) ?? { id: newRequestId(), version: 0, fields: {} };
  }

  /** The order's name: the same for as long as it is the same order. */
  get id() {
    return this.#kept.id;
  }

  get fields() {
    return this.#kept.fields;
  }

  /** @param {Record<string, unknown>} fields */
  keep(fields) {
    this.#kept = { ...this.#kept, version: this.#kept.version + 1, fields: { ...fields, move: this.#move } };
    write(this.#key, this.#kept);
    this.state = "kept";
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#save(), SAVE_MS);
  }

  async #save() {
    const { id, version, fields } = this.#kept;
    try {
      await request("PUT", `/api/v1/drafts/${id}`, { version, fields, ticket: this.#number });
      if (version === this.#kept.version && this.state) this.state = "saved";
    } catch {
      // It stays in this browser, and goes with the next keystroke.
    }
    this.draw();
  }

  /** It was sent, or is not wanted. */
  drop() {
    clearTimeout(this.#timer);
    this.state = "";
    write(this.#key, null);
    const { id, version } = this.#kept;
    this.#kept = { id: newRequestId(), version: 0, fields: {} };
    if (version) void request("DELETE", `/api/v1/drafts/${id}`).catch(() => null);
  }
}
