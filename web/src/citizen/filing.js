// Filing a request: what is typed survives a reload and a refusal, and a form sent twice is one request.
import { Refused, ask, keep, kept, newName, say, showFaults } from "./ask.js";
import { solve } from "./work.js";

const KEY = "file.form";
const DONE = "file.done";
/** Seconds that the server's answer may ask us to try again by ourselves: a task that grew too old meanwhile. */
const TRIES = 2;

/** @template {HTMLElement} T @param {string} id @returns {T} */
const byId = (id) => /** @type {T} */ (document.getElementById(id));

export function startFiling() {
  const form = /** @type {HTMLFormElement} */ (byId("filing"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
  const status = byId("filing-status");
  const fault = byId("filing-fault");
  let name = newName();
  let sending = false;

  const values = () => /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
  const save = () => keep(KEY, { name, values: values() });
  const restore = () => {
    const before = kept(KEY);
    if (typeof before?.name !== "string") return;
    name = before.name;
    for (const [field, value] of Object.entries(before.values ?? {})) {
      const place = form.elements.namedItem(field);
      if (place instanceof HTMLInputElement && place.type === "checkbox") place.checked = true;
      else if (place instanceof RadioNodeList || place instanceof HTMLInputElement || place instanceof HTMLTextAreaElement || place instanceof HTMLSelectElement) place.value = String(value);
    }
  };
  const count = () => {
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-count]"))) {
      const field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem(place.dataset.count ?? ""));
      const near = field.value.length > field.maxLength * 0.8;
      place.textContent = near ? say("{count} of {most} characters", { count: field.value.length, most: field.maxLength }) : "";
    }
  };

  /** @returns {Record<string, string>} */
  const missing = () => {
    const given = values();
    const needed = ["kind", "title", "description", "contact_name", "contact_phone"];
    return Object.fromEntries(needed.filter((field) => !given[field]?.trim()).map((field) => [field, say("Something is missing here.")]));
  };

  const send = async () => {
    const { anonymous, place, address, ...rest } = values();
    const filing = { ...rest, request_id: name, anonymous: anonymous !== undefined, ...(place && { place }), ...(address?.trim() && { address }) };
    for (let left = TRIES; ; left -= 1) {
      button.textContent = say("Checking that no robot is writing…");
      const solution = await solve(await ask("/api/v1/public/task"), (share) => form.style.setProperty("--share", String(share)));
      button.textContent = say("Sending…");
      try {
        return await ask("/api/v1/public/requests", { ...filing, solution });
      } catch (error) {
        if (!(error instanceof Refused && error.fields.solution && left > 1)) throw error;
      }
    }
  };

  form.addEventListener("input", () => {
    save();
    count();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    fault.textContent = "";
    const faults = missing();
    showFaults(form, faults);
    if (Object.keys(faults).length) {
      fault.textContent = say("Please check the fields marked in red.");
      return;
    }
    save();
    sending = true;
    button.setAttribute("aria-disabled", "true");
    form.dataset.sending = "";
    status.textContent = say("Sending…");
    try {
      const filed = await send();
      keep(DONE, { ...filed, phone: values().contact_phone });
      keep(KEY, null);
      name = newName();
      form.reset();
      showReceipt(filed);
    } catch (error) {
      const refused = error instanceof Refused ? error : new Refused(0, String(error));
      showFaults(form, refused.fields);
      fault.textContent = refused.message;
      if (!Object.keys(refused.fields).length) fault.scrollIntoView({ block: "center" });
    }
    sending = false;
    button.removeAttribute("aria-disabled");
    delete form.dataset.sending;
    status.textContent = "";
    button.textContent = say("Send the request");
  });

  restore();
  count();
  const done = kept(DONE);
  if (typeof done?.number === "string" && !kept(KEY)) showReceipt(done);
  byId("file-another").addEventListener("click", () => {
    keep(DONE, null);
    byId("receipt").hidden = true;
    byId("file-form").hidden = false;
    form.querySelector("input")?.focus();
  });
}

/** @param {{number: string, readable: string}} filed */
function showReceipt({ number, readable }) {
  const receipt = byId("receipt");
  byId("file-form").hidden = true;
  receipt.hidden = false;
  const place = byId("receipt-number");
  // The groups are for the eye: whoever copies them gets the digits alone.
  place.replaceChildren(...readable.split(" ").map((group) => Object.assign(document.createElement("span"), { textContent: group })));
  const copy = byId("receipt-copy");
  copy.hidden = !navigator.clipboard;
  copy.onclick = async () => {
    await navigator.clipboard.writeText(number);
    copy.textContent = say("Copied");
  };
  /** @type {HTMLAnchorElement} */ (byId("receipt-track")).href = `/track?number=${encodeURIComponent(number)}`;
  scrollTo(0, 0);
  byId("receipt-title").focus();
}
