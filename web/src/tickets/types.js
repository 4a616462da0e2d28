// The shapes of what the API tells about requests.

/**
 * @typedef {{code: string, name: string, path?: string}} Named
 * @typedef {{id: number, name: string, type: string, bytes: number, by?: string, at?: string, entry?: number | null}} File
 * @typedef {{id: number, at: string, who: string, name?: string | null, role: string, unit?: Named | string | null, move: string, label: string, from_state?: string | null,
 *   to_state: string, version: number, words?: string | null, changes?: Record<string, [unknown, unknown]>, attachments?: number[]}} Entry
 * @typedef {{name: string, unit?: Named | string | null, days: number, started_at: string, due_at?: string | null, left?: import("./number.js").Left | null, paused_at?: string | null,
 *   stopped_at?: string | null}} Clock
 * @typedef {{code: string, name: string, part: string, since: string, until?: string | null, signed_at?: string | null,
 *   replied_at?: string | null}} Part
 * @typedef {{name: string, label: string, to: string | string[], needs: string[], may: string[]}} Move
 * @typedef {{number: string, kind: string, state: string, version: number, left?: import("./number.js").Left | null, caller?: string | null, title: string, description: string,
 *   source: string, urgency: string, confidential: boolean, category?: Named | null, place?: Named | null, address?: string | null,
 *   contact_name?: string | null, contact_phone?: string | null, anonymous: boolean, answer?: string | null, accepted_by?: string | null,
 *   agent?: string | null, unit?: Named | null, opened_at: string, first_dispatched_at?: string | null, due_at?: string | null,
 *   closed_at?: string | null, satisfaction?: string | null, redone?: number, extended?: number, reminded?: number,
 *   supervised?: boolean, pending?: string | null, pending_days?: number | null, merged_into?: string | null, merged?: string[],
 *   city_number?: string | null, call?: {id: number, started_at: string, agent?: string | null, recording?: string | null} | null,
 *   units?: Part[], clocks?: Clock[], entries?: Entry[], attachments?: File[], moves?: Move[]}} Ticket
 */

export {};
