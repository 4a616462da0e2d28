// How far a request is: number and telephone together; nothing is kept beyond this tab.
import { Refused, ask, kept, say, showFaults } from "./ask.js";

const zone = document.documentElement.dataset.zone || "Asia/Shanghai";
const language = document.documentElement.lang;
const day = new Intl.DateTimeFormat(language, { timeZone: zone, year: "numeric", month: "long", day: "numeric" });
const moment = new Intl.DateTimeFormat(language, { timeZone: zone, month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** @typedef {{number: string, readable: string, kind: string, opened_at: string, stage: string, words: string, answer: string | null, steps: {at: string, words: string}[]}} Progress */

/**
 * @param {string} tag
 * @param {string} className
 * @param {...(Node | string)} content
 */
function element(tag, className, ...content) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...content);
  return made;
}

export function startTracking() {
  const form = /** @type {HTMLFormElement} */ (document.getElementById("tracking"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const fault = /** @type {HTMLElement} */ (document.getElementById("tracking-fault"));
  const result = /** @type {HTMLElement} */ (document.getElementById("progress"));
  const number = /** @type {HTMLInputElement} */ (form.elements.namedItem("number"));
  const phone = /** @type {HTMLInputElement} */ (form.elements.namedItem("phone"));
  const filed = kept("file.done");
  number.value = new URLSearchParams(location.search).get("number") ?? filed?.number ?? "";
  if (filed && filed.number === number.value) phone.value = filed.phone ?? "";
  let asking = false;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (asking) return;
    fault.textContent = "";
    const faults = Object.fromEntries([number, phone].filter(({ value }) => !value.trim()).map(({ name }) => [name, say("Something is missing here.")]));
    showFaults(form, faults);
    if (Object.keys(faults).length) return;
    asking = true;
    button.setAttribute("aria-disabled", "true");
    button.textContent = say("Looking…");
    try {
      show(result, await ask("/api/v1/public/track", { number: number.value, phone: phone.value }));
    } catch (error) {
      result.replaceChildren();
      const refused = error instanceof Refused ? error : new Refused(0, String(error));
      showFaults(form, refused.fields);
      if (!Object.keys(refused.fields).length) fault.textContent = refused.message;
    }
    asking = false;
    button.removeAttribute("aria-disabled");
    button.textContent = say("Look");
  });
}

/** @param {HTMLElement} result @param {Progress} progress */
function show(result, { readable, kind, opened_at, stage, words, answer, steps }) {
  const head = element("h2", "progress-words", words);
  head.tabIndex = -1;
  const about = element("p", "progress-about", `${kind} · ${readable} · ${say("Filed on {date}", { date: day.format(new Date(opened_at)) })}`);
  const list = element(
    "ol",
    "progress-steps",
    ...[...steps].reverse().map(({ at, words: what }) => {
      const time = element("time", "", moment.format(new Date(at)));
      time.setAttribute("datetime", at);
      return element("li", "", element("b", "", what), time);
    }),
  );
  const card = element("section", "citizen-card progress", head, about);
  card.dataset.stage = stage;
  if (answer) card.append(element("h3", "", say("Answer")), element("p", "progress-answer", answer));
  card.append(element("h3", "", say("What has happened")), list);
  result.replaceChildren(card);
  head.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}
