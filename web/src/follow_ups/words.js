// The words of follow-up visits 回访.
import { t } from "../core/i18n.js";
import { vocabulary } from "../core/words.js";

export const followUpState = vocabulary(() => ({
  waiting: [t("To follow up"), "warn"],
  dialling: [t("Dialling"), "busy"],
  answered: [t("Result to be noted"), "note"],
  retry: [t("To dial again"), "warn"],
  done: [t("Followed up"), "good"],
  unreached: [t("Not reached"), "dim"],
  called_off: [t("Called off"), "dim"],
}));

export const satisfaction = vocabulary(() => ({
  satisfied: [t("Satisfied"), "good"],
  fairly: [t("Fairly satisfied"), "note"],
  unhappy: [t("Not satisfied"), "bad"],
}));

/** Why a follow-up cannot be dialled. */
export const notDialled = vocabulary(() => ({
  none: [t("No number is known"), "bad"],
  emergency: [t("Emergency number"), "bad"],
  premium: [t("Premium number"), "bad"],
  foreign: [t("Foreign number"), "bad"],
  unknown: [t("Unknown kind of number"), "bad"],
}));

/**
 * @typedef {{id: number, at: string, agent: string, number: string, result: string, ended_at: string | null,
 *   call: number | null, recording: string | null, note: string | null}} Attempt
 * @typedef {{id: number, state: string, ticket: string, kind: string, urgency: string, title: string, description: string,
 *   answer: string | null, merged: boolean, main: string | null, unit: string | null, contact_name: string | null, anonymous: boolean, redone: number,
 *   replied_at: string | null, number: string, held: string | null, opened_at: string, next_at: string,
 *   assigned: string | null, satisfaction: string | null, words: string | null, said_to: string | null,
 *   said_at: string | null, needs_supervisor: boolean, link_until: string | null, closed_at: string | null,
 *   attempts: Attempt[]}} FollowUp
 */
