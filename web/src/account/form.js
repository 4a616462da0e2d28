// A form that is sent as JSON, with what is wrong beside each field.
import { ApiError, request } from "../core/api.js";

/**
 * @param {HTMLFormElement} form its <output> shows the general fault, `[data-fault=NAME]` that of a field
 * @param {string} url
 * @param {(answer: any) => void} done
 * @param {(values: Record<string, string>) => string} [check] a fault to show instead of sending; "" when there is none
 * @param {(error: ApiError) => void} [refused] after the faults are shown
 */
export function sendsJson(form, url, done, check = () => "", refused = () => {}) {
  const fault = /** @type {HTMLElement} */ (form.querySelector("output"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    const button = form.querySelector("button");
    fault.textContent = check(values);
    for (const place of form.querySelectorAll("[data-fault]")) place.textContent = "";
    if (fault.textContent || button?.disabled) return;
    if (button) button.disabled = true;
    try {
      const { repeated: _, ...sent } = values;
      done(await request("POST", url, sent));
    } catch (error) {
      fault.textContent = error instanceof ApiError ? error.message : String(error);
      for (const [name, words] of Object.entries(error instanceof ApiError ? error.fields : {})) {
        const place = form.querySelector(`[data-fault="${CSS.escape(name)}"]`);
        if (place) place.textContent = words;
      }
      // Said beside the field: not twice.
      if (fault.textContent && form.querySelector("[data-fault]:not(:empty)")?.textContent === fault.textContent) fault.textContent = "";
      if (error instanceof ApiError) refused(error);
    }
    if (button) button.disabled = false;
  });
}
