// The words of the trail: what a deed was done to, with the page that shows it, and what is known beside.
import { html } from "lit-html";
import { t } from "../core/i18n.js";
import { role } from "../core/words.js";

/** @typedef {import("./audit.js").Row} Row */

/** How the trail names a thing -> its word, and the page where it is. @type {() => [RegExp, (id: string) => string, ((id: string) => string)?][]} */
const things = () => [
  [/^ticket (\d+)$/, (id) => t("Request {id}", { id }), (id) => `/tickets/${id}`],
  [/^article (\d+)$/, (id) => t("Article {id}", { id }), (id) => `/knowledge?article=${id}`],
  [/^agent (\d+)$/, (id) => t("Agent {id}", { id }), (id) => `/agent-day?agent=${id}`],
  [/^callback (\d+)$/, (id) => t("Callback {id}", { id }), () => "/callbacks"],
  [/^follow-up (\d+)$/, (id) => t("Follow-up {id}", { id }), () => "/follow-ups"],
  [/^test dial (\d+)$/, (id) => t("Test dial {id}", { id }), () => "/test-dials"],
  [/^city message (\d+)$/, (id) => t("City message {id}", { id }), () => "/interchange"],
  [/^call (\S+)$/, (id) => t("Call {id}", { id })],
  [/^recording (\d+)$/, (id) => t("Recording {id}", { id })],
  [/^attachment (\d+)$/, (id) => t("Attachment {id}", { id })],
  [/^seat (\d+)$/, (id) => t("Seat {id}", { id })],
  [/^caller (.+)$/, (id) => t("Citizen {id}", { id })],
  [/^reserve (.+)$/, (id) => t("Reserve {id}", { id })],
  [/^on$/, () => t("On")],
  [/^off$/, () => t("Off")],
];
/** What is named by its own number or name alone, by the deed. @type {[RegExp, string][]} */
const PLACES = [
  [/^user_|^two_step_reset$/, "/users"],
  [/^(address_banned|ban_lifted)$/, "/bans"],
  [/^caller_(un)?listed$/, "/blocked-callers"],
  [/^(unit|category|place)_/, "/reference"],
  [/^policy_step_undone$/, "/policy-log"],
];

/** @param {Row} row @returns {{words: string, href?: string}} */
export function thing({ action, target }) {
  for (const [form, words, href] of things()) {
    const found = form.exec(target);
    if (found?.[1] !== undefined) return href ? { words: words(found[1]), href: href(found[1]) } : { words: words(found[1]) };
    if (found) return { words: words("") };
  }
  const place = target && PLACES.find(([form]) => form.test(action))?.[1];
  return place ? { words: target, href: place } : { words: target };
}

/** @type {() => Record<string, string>} */
const names = () => ({
  reason: t("Reason"),
  note: t("Note"),
  result: t("Result"),
  changes: t("What changed"),
  changed: t("What changed"),
  filters: t("What was asked for"),
  rows: t("Entries"),
  faults: t("Faults"),
  agent: t("Agent"),
  role: t("Role"),
  unit: t("Unit"),
  title: t("Title"),
  call: t("Call"),
  number: t("Number"),
  who: t("Who"),
  action: t("Deed"),
  target: t("Thing"),
  since: t("From"),
  until: t("To"),
  level: t("Level"),
  per_hour: t("Calls an hour"),
  minutes: t("Minutes"),
  version: t("Version"),
  held_by: t("Held by"),
  ticket: t("Ticket"),
  name: t("Name"),
  password: t("One-time password made"),
  sessions: t("Sign-ins"),
  message: t("Message number"),
  mode: t("How"),
  kind: t("Kind"),
  phone: t("Phone"),
  active: t("In use"),
  before: t("Before entry"),
});

/** Words that stand for what was chosen, by the name of the choice. @type {() => Record<string, Record<string, string>>} */
const choices = () => ({
  mode: {
    listen: t("Listen in"), whisper: t("Whisper"), barge: t("Barge in"),
    consult: t("Consult first"), transfer: t("Transfer"), three_way: t("Three-way call"),
  },
  role: Object.fromEntries(role.all().map(([name, [word]]) => [name, word])),
});

/** What is known beside, by its name in words. @param {Row} row @returns {[string, unknown][]} */
export function details({ detail }) {
  const words = names();
  return Object.entries(detail).map(([name, value]) => [words[name] ?? name, choices()[name]?.[String(value)] ?? shown(value, words)]);
}

/** @param {any} value @param {Record<string, string>} words @returns {unknown} */
function shown(value, words) {
  if (value === null || value === "") return "—";
  if (value === true) return t("Yes");
  if (value === false) return t("No");
  if (Array.isArray(value)) return value.length ? value.map((one) => plain(one)).join("，") : "—";
  if (typeof value !== "object") return String(value);
  return html`<ul>${Object.entries(value).map(([name, one]) => html`<li>${words[name] ?? name}: ${
    Array.isArray(one) && one.length === 2 ? html`<del>${chosen(name, one[0])}</del> → <ins>${chosen(name, one[1])}</ins>` : chosen(name, one)}</li>`)}</ul>`;
}

/** @param {string} name @param {any} value */
const chosen = (name, value) => choices()[name]?.[String(value)] ?? plain(value);
/** @param {any} value */
const plain = (value) => (value === null || value === "" ? "—" : typeof value === "object" ? JSON.stringify(value) : String(value));
