// Calling any number, for whoever has the right: one's own phone rings first, then theirs.
import { html, nothing } from "lit-html";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { may } from "../core/rights.js";
import { LAST } from "./telephone.js";

/** @param {import("./desk.js").Desk} desk */
export function freeDial(desk) {
  if (!may("dial.outside") || !desk.mayDial) return nothing;
  /** @param {SubmitEvent} event */
  const dial = (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const number = String(new FormData(form).get("number") ?? "").trim();
    if (!number || desk.busy) return;
    void desk.dialFree(number).then((begun) => {
      if (!begun) return;
      sessionStorage.setItem(LAST, number);
      form.reset();
      desk.draw();
    });
  };
  return html`<form class="free-dial" @submit=${dial}>
    <label><span>${t("Dial a number")}</span><input name="number" type="tel" autocomplete="off" maxlength="32"></label>
    <button class="button" type="submit" ?disabled=${desk.busy}>${icon("phone")}${t("Dial")}</button>
  </form>`;
}
