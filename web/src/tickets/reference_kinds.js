// The three kinds of reference data: how each is listed, and the fields that it is changed by.
import { html } from "lit-html";
import { t } from "../core/i18n.js";
import { ticketKind } from "../core/words.js";
import { ordered } from "./reference_data.js";
import { urgency } from "./words.js";

/** @typedef {{code: string, name: string, parent?: string | null, rank?: number, unit?: string | null, phone?: string | null, email?: string | null,
 *   terms?: Record<string, number>, version?: number, since?: string, active?: boolean, until?: string | null}} Item */
/** @typedef {Record<string, Item[] | null>} Items */
/** @typedef {{name: string, once?: boolean, wide?: boolean, input: (item: Item, about: {items: Items, invalid: boolean}) => unknown, value: (form: FormData) => unknown}} Field
 *   a `once` one is given to what is new and never changed */
/** @typedef {{label: string, cell: (item: Item, items: Items) => unknown}} Column */
/** @typedef {{name: string, title: string, path: string, tree: boolean, add: string, empty: string, hint: string, fields: Field[], columns: Column[]}} Kind */

/** For what a unit may have terms of its own. */
const TERMS = ["enquiry", "complaint", "help", "suggestion", "report", "praise", "urgent", "emergency", "sign"];
/** @param {string} name */
const termName = (name) => name === "sign" ? t("To sign for it") : (name === "urgent" || name === "emergency" ? urgency(name) : ticketKind(name))[0];

/** @param {string} name @param {string} label @param {{type?: string, once?: boolean, most?: number}} [more] @returns {Field} */
const text = (name, label, { type = "text", once = false, most = 200 } = {}) => ({
  name,
  once,
  input: (item, { invalid }) => html`<label><span>${label}</span><input name=${name} type=${type} maxlength=${most} autocomplete="off" spellcheck="false"
    .value=${String(item[/** @type {keyof Item} */ (name)] ?? "")} aria-invalid=${String(invalid)}></label>`,
  value: (form) => {
    const given = String(form.get(name) ?? "").trim();
    return type === "number" ? Number(given || 0) : given || (once || name === "name" ? given : null);
  },
});

/** @param {string} name @param {string} label @param {string} from the kind that is chosen from @returns {Field} */
const choice = (name, label, from) => ({
  name,
  input: (item, { items, invalid }) => {
    const chosen = item[/** @type {keyof Item} */ (name)] ?? "";
    const options = (items[from] ?? []).filter((one) => one.active !== false && !one.until && (name !== "parent" || one.code !== item.code));
    return html`<label><span>${label}</span><select name=${name} aria-invalid=${String(invalid)}><option value="">${t("None")}</option>
      ${(from === "units" ? options : ordered(options)).map((one) => html`<option value=${one.code} ?selected=${one.code === chosen}>${one.name}</option>`)}</select></label>`;
  },
  value: (form) => form.get(name) || null,
});

/** @type {() => Field} */
const terms = () => ({
  name: "terms",
  wide: true,
  input: (item, { invalid }) => html`<fieldset class="terms" aria-invalid=${invalid ? "true" : "false"}><legend>${t("Terms of its own, in working days; empty as everywhere")}</legend>
    ${TERMS.map((name) => html`<label><span>${termName(name)}</span><input name="terms.${name}" type="number" min="1" max="250" .value=${String(item.terms?.[name] ?? "")}></label>`)}</fieldset>`,
  value: (form) => Object.fromEntries(TERMS.flatMap((name) => (form.get(`terms.${name}`) ? [[name, Number(form.get(`terms.${name}`))]] : []))),
});

/** @param {Item[] | null | undefined} items @param {string | null | undefined} code */
const nameOf = (items, code) => (code ? items?.find((one) => one.code === code)?.name ?? code : "");

/** @returns {Kind[]} */
export const kinds = () => [
  {
    name: "units",
    title: t("Member units"),
    path: "/api/v1/units",
    tree: false,
    add: t("Add a unit"),
    empty: t("No member units yet."),
    hint: t("A retired unit keeps its requests and gets no new ones."),
    fields: [text("code", t("Code, never changed"), { once: true, most: 30 }), text("name", t("Its name")), text("phone", t("Duty telephone"), { most: 32 }), text("email", t("E-mail"), { type: "email" }), terms()],
    columns: [
      { label: t("Duty telephone"), cell: (item) => item.phone },
      { label: t("E-mail"), cell: (item) => item.email },
      { label: t("Terms"), cell: (item) => Object.entries(item.terms ?? {}).map(([name, days]) => `${termName(name)} ${days}`).join(" · ") },
    ],
  },
  {
    name: "categories",
    title: t("Categories"),
    path: "/api/v1/categories?retired=true",
    tree: true,
    add: t("Add a category"),
    empty: t("No categories yet."),
    hint: t("A change is a new version; requests keep the one that they were given."),
    fields: [
      text("code", t("Code, never changed"), { once: true, most: 30 }), text("name", t("Its name")), choice("parent", t("Belongs to"), "categories"),
      choice("unit", t("Usual unit"), "units"), text("rank", t("Place among its neighbours"), { type: "number" }),
    ],
    columns: [
      { label: t("Usual unit"), cell: (item, items) => nameOf(items["units"], item.unit) },
      { label: t("Place among its neighbours"), cell: (item) => String(item.rank ?? 0) },
      { label: t("Version"), cell: (item) => item.version },
    ],
  },
  {
    name: "places",
    title: t("Places"),
    path: "/api/v1/places",
    tree: true,
    add: t("Add a place"),
    empty: t("No places yet."),
    hint: t("A place that is not used any more stays on the requests that have it."),
    fields: [text("code", t("Code, never changed"), { once: true, most: 30 }), text("name", t("Its name")), choice("parent", t("Lies in"), "places")],
    columns: [{ label: t("Lies in"), cell: (item, items) => nameOf(items["places"], item.parent) }],
  },
];
