import { placeAfter } from "./next.js";
import { sendsJson } from "./form.js";

/** @typedef {{pending?: string, must_change_password?: boolean, must_enrol?: boolean} | null} Answer */

/** @param {HTMLElement} main */
export function startSignIn(main) {
  const first = /** @type {HTMLFormElement | null} */ (main.querySelector("#password-form"));
  const second = /** @type {HTMLFormElement | null} */ (main.querySelector("#code-form"));
  if (!first || !second) return;
  const pending = /** @type {HTMLInputElement} */ (second.querySelector("[name=pending]"));
  const code = /** @type {HTMLInputElement} */ (second.querySelector("[name=code]"));

  /** @param {boolean} wanted */
  const askForCode = (wanted) => {
    first.hidden = wanted;
    second.hidden = !wanted;
    code.value = "";
    const password = /** @type {HTMLInputElement} */ (first.querySelector("[name=password]"));
    if (!wanted) password.value = "";
    (wanted ? code : password).focus();
  };

  /** @param {Answer} answer */
  const goOn = (answer) => location.assign(placeAfter(answer));

  sendsJson(first, "/api/v1/sign-in", (/** @type {Answer} */ answer) => {
    if (!answer?.pending) return goOn(answer);
    pending.value = answer.pending;
    askForCode(true);
  });
  sendsJson(second, "/api/v1/sign-in/code", goOn, undefined, ({ status }) => {
    code.select();
    if (status !== 410) return;
    askForCode(false); // it took too long: the password again, with the reason
    const reason = second.querySelector("output")?.textContent ?? "";
    const place = first.querySelector("output");
    if (place) place.textContent = reason;
  });
  // Six digits are a whole code: nobody needs to press a key for it.
  code.addEventListener("input", () => {
    if (/^\d{6}$/.test(code.value.replaceAll(" ", ""))) second.requestSubmit();
  });
  main.querySelector("#code-back")?.addEventListener("click", () => askForCode(false));
  warnOfCapitals(first);
}

/** Half of the wrong passwords are right ones in capitals. @param {HTMLFormElement} form */
function warnOfCapitals(form) {
  const warning = /** @type {HTMLElement | null} */ (form.querySelector("[data-caps]"));
  form.querySelector("[name=password]")?.addEventListener("keyup", (event) => {
    if (warning && event instanceof KeyboardEvent) warning.hidden = !event.getModifierState("CapsLock");
  });
}
