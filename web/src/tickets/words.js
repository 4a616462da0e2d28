// The words of requests: urgency, where they came from, what colour a step has and what it asks for.
import { vocabulary } from "../core/words.js";
import { t } from "../core/i18n.js";

export const urgency = vocabulary(() => ({
  normal: [t("Ordinary"), "dim"],
  urgent: [t("Urgent"), "warn"],
  emergency: [t("Most urgent"), "bad"],
}));

export const source = vocabulary(() => ({
  phone: [t("By telephone"), "dim"],
  web: [t("On the web"), "dim"],
  missed_call: [t("Missed call"), "dim"],
  city: [t("City platform"), "dim"],
}));

export const satisfaction = vocabulary(() => ({
  satisfied: [t("Satisfied"), "good"],
  fairly: [t("Fairly satisfied"), "note"],
  unhappy: [t("Unhappy"), "bad"],
}));

export const part = vocabulary(() => ({
  lead: [t("Lead"), "busy"],
  helper: [t("Helping"), "dim"],
}));

export const clockName = vocabulary(() => ({
  total: [t("Whole term"), "dim"],
  sign: [t("To sign for it"), "dim"],
  handle: [t("To handle it"), "dim"],
}));

/** Steps whose colour says something; what they are called, the server says. @type {Record<string, string[]>} */
const TONES = {
  busy: ["open", "submit", "dispatch", "redispatch"],
  good: ["answer", "approve", "sign", "uphold_return", "grant_extension", "reply", "approve_reply", "follow_up", "close", "callback_settled"],
  warn: ["send_back", "return", "ask_extension", "remind", "reopen", "callback_reopened"],
  bad: ["refuse", "reject_return", "refuse_extension", "supervise", "reject_reply", "redo"],
  note: ["helper_reply"],
};

/** @param {string} move @returns {import("../core/words.js").Tone} */
export const moveTone = (move) => /** @type {import("../core/words.js").Tone} */ (Object.keys(TONES).find((tone) => TONES[tone]?.includes(move)) ?? "dim");

/** Steps that lead the request on, or decide what somebody waits for; before all others on the page, in this order. */
export const LEADING = [
  "sign", "reply", "helper_reply", "ask_extension", "return", "submit", "answer", "approve", "dispatch", "send_back", "refuse", "approve_reply", "reject_reply",
  "uphold_return", "reject_return", "grant_extension", "refuse_extension", "follow_up", "redo", "follow_up_unreached", "close", "from_city", "unmerge", "reopen",
  "archive",
];
/** What else may be done, in this order. */
const ASIDE = ["comment", "remind", "supervise", "redispatch", "add_helper", "amend", "attach", "set_urgency", "set_confidential", "to_city", "merge"];
const RANKS = new Map([...LEADING, ...ASIDE].map((name, at) => [name, at]));

/** The steps in the order of the page. @template {{name: string}} Move @param {Move[]} moves */
export const inOrder = (moves) => [...moves].sort((one, other) => (RANKS.get(one.name) ?? 99) - (RANKS.get(other.name) ?? 99));

/** Steps that go against somebody, or cannot simply be taken back. */
export const GRAVE = ["refuse", "return", "reject_return", "refuse_extension", "reject_reply", "redo", "supervise", "merge"];

/** What the words of a step are, as its field is named. @param {string} move */
export function wordsName(move) {
  if (move === "reply" || move === "helper_reply") return t("What was done, and the result");
  if (move === "comment") return t("Comment");
  if (["send_back", "refuse", "return", "reject_return", "redispatch", "ask_extension", "refuse_extension", "reject_reply", "supervise", "redo", "reopen"].includes(move)) {
    return t("Reason");
  }
  return t("Remarks");
}

export const fieldName = vocabulary(() => ({
  number: [t("Number"), "dim"],
  words: [t("Remarks"), "dim"],
  kind: [t("Kind"), "dim"],
  state: [t("State"), "dim"],
  title: [t("Subject"), "dim"],
  description: [t("What was asked"), "dim"],
  answer: [t("Answer to the citizen"), "dim"],
  category: [t("Category"), "dim"],
  category_id: [t("Category"), "dim"],
  place: [t("Place"), "dim"],
  place_id: [t("Place"), "dim"],
  address: [t("Address"), "dim"],
  contact_name: [t("Contact"), "dim"],
  contact_phone: [t("Telephone"), "dim"],
  anonymous: [t("Anonymous to units"), "dim"],
  confidential: [t("Confidential"), "dim"],
  urgency: [t("Urgency"), "dim"],
  unit: [t("Unit"), "dim"],
  unit_id: [t("Unit"), "dim"],
  helpers: [t("Helping units"), "dim"],
  days: [t("Working days"), "dim"],
  pending_days: [t("Working days asked for"), "dim"],
  main: [t("Main request"), "dim"],
  merged_into_id: [t("Main request"), "dim"],
  satisfaction: [t("Satisfaction"), "dim"],
  attachments: [t("Files"), "dim"],
  merged_into: [t("Main request"), "dim"],
  pending: [t("Asked for"), "dim"],
  supervised: [t("Under supervision"), "dim"],
  due_at: [t("Due"), "dim"],
}));
