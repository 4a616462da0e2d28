// Questions to the server, and the sentences that the page brought along in its own language.

/** @type {Record<string, string>} */
const sentences = JSON.parse(document.getElementById("words")?.textContent || "{}");

/**
 * The sentence in the page's language, with {name} replaced by values.name; the server lists the sentences
 * (`tickets/views/citizens.py`).
 * @param {string} message the English sentence
 * @param {Record<string, string | number>} [values]
 */
export const say = (message, values = {}) =>
  (sentences[message] || message).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/** What the server refused, in words for the citizen. */
export class Refused extends Error {
  /**
   * @param {number} status 0 when the server was not reached
   * @param {string} message
   * @param {Record<string, string>} [fields]
   */
  constructor(status, message, fields = {}) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

/**
 * @param {string} path
 * @param {unknown} [body] sent as JSON; without one it is a question
 * @returns {Promise<any>}
 * @throws {Refused}
 */
export async function ask(path, body) {
  let response;
  try {
    response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
    });
  } catch {
    throw new Refused(0, say("The server cannot be reached. What you wrote is kept; please try again."));
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const silent = say("The server cannot be reached. What you wrote is kept; please try again.");
  throw new Refused(response.status, typeof answer?.error === "string" ? answer.error : silent, answer?.fields);
}

/** A name that nobody else has; `crypto.randomUUID` is missing where a page came without encryption. */
export const newName = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Keep something for as long as this tab lives; without storage it is kept nowhere.
 * @param {string} key
 * @param {unknown} value null forgets it
 */
export function keep(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is switched off or full: the page works, and forgets.
  }
}

/** @param {string} key @returns {any} */
export function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/**
 * Show what is wrong beside each field, and go to the first.
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} faults
 */
export function showFaults(form, faults) {
  let first = null;
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-fault]"))) {
    const name = place.dataset.fault ?? "";
    place.textContent = faults[name] ?? "";
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      field.toggleAttribute("aria-invalid", name in faults);
      if (name in faults) field.setAttribute("aria-invalid", "true");
      if (name in faults) first ??= /** @type {HTMLElement} */ (field);
    }
  }
  first?.focus();
}
