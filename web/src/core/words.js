// The field's words for states, outcomes and reasons, with the tone of colour that carries their meaning.
import { t } from "./i18n.js";

/** @typedef {"good" | "busy" | "note" | "warn" | "bad" | "dim"} Tone */
/** @typedef {readonly [word: string, tone: Tone]} Word */

/**
 * A function from a key to its word; a key that is not known stands for itself.
 * @param {() => Record<string, Word>} make called once, after the catalogue is there
 */
export function vocabulary(make) {
  /** @type {Record<string, Word> | undefined} */
  let words;
  /** @param {string} key @returns {Word} */
  const look = (key) => {
    words ??= make();
    return words[key] ?? [key, "dim"];
  };
  /** Every key and its word, in order. */
  look.all = () => Object.entries((words ??= make()));
  return look;
}

export const seatState = vocabulary(() => ({
  ready: [t("Ready"), "good"],
  talking: [t("Talking"), "busy"],
  ringing: [t("Ringing"), "note"],
  wrap_up: [t("Wrap-up"), "note"],
  break: [t("Break"), "warn"],
  signed_out: [t("Signed out"), "dim"],
}));

export const breakReason = vocabulary(() => ({
  rest: [t("Rest"), "warn"],
  meal: [t("Meal"), "warn"],
  training: [t("Training"), "warn"],
  meeting: [t("Meeting"), "warn"],
  no_answer: [t("No answer"), "bad"],
  phone_offline: [t("No phone"), "bad"],
}));

export const outcome = vocabulary(() => ({
  in_progress: [t("In progress"), "busy"],
  answered: [t("Answered"), "good"],
  abandoned_greeting: [t("Hung up in greeting"), "warn"],
  abandoned_queue: [t("Hung up waiting"), "bad"],
  overflowed: [t("Queue full"), "bad"],
  unanswered: [t("Unanswered"), "bad"],
  self_service: [t("Self-service"), "dim"],
  blocked: [t("Blocked"), "dim"],
}));

export const direction = vocabulary(() => ({
  inbound: [t("Inbound"), "dim"],
  outbound: [t("Outbound"), "dim"],
  internal: [t("Internal"), "dim"],
  test: [t("Test dial"), "dim"],
}));

export const callbackState = vocabulary(() => ({
  waiting: [t("To call back"), "warn"],
  dialling: [t("Dialling"), "busy"],
  retry: [t("To dial again"), "warn"],
  settled: [t("Settled"), "good"],
  unreachable: [t("Unreachable"), "dim"],
}));

export const settledBy = vocabulary(() => ({
  callback: [t("Called back"), "good"],
  redial: [t("Citizen redialled"), "good"],
  supervisor: [t("By the supervisor"), "dim"],
}));

export const ticketState = vocabulary(() => ({
  accepted: [t("Accepted"), "busy"],
  reviewing: [t("To review"), "warn"],
  to_dispatch: [t("To dispatch"), "warn"],
  dispatched: [t("To sign for"), "busy"],
  handling: [t("Being handled"), "busy"],
  returned: [t("Return to decide"), "warn"],
  replied: [t("Reply to review"), "note"],
  follow_up: [t("To follow up"), "note"],
  to_close: [t("To close"), "note"],
  city: [t("At the city platform"), "dim"],
  closed: [t("Closed"), "good"],
  archived: [t("Archived"), "dim"],
  merged: [t("Merged"), "dim"],
  refused: [t("Not admitted"), "dim"],
}));

export const ticketKind = vocabulary(() => ({
  enquiry: [t("Enquiry"), "dim"],
  complaint: [t("Complaint"), "dim"],
  help: [t("Help"), "dim"],
  suggestion: [t("Suggestion"), "dim"],
  report: [t("Report"), "dim"],
  praise: [t("Praise"), "dim"],
  missed_call: [t("Missed call"), "warn"],
}));

export const role = vocabulary(() => ({
  unit: [t("Member unit"), "dim"],
  agent: [t("Agent"), "dim"],
  supervisor: [t("Supervisor"), "dim"],
  inspector: [t("Quality inspector"), "dim"],
  manager: [t("Manager"), "dim"],
  administrator: [t("Administrator"), "dim"],
}));
