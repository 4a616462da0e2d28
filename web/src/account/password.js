import { t } from "../core/i18n.js";
import { sendsJson } from "./form.js";

/** @param {HTMLElement} main */
export function startPassword(main) {
  const form = main.querySelector("form");
  if (!form) return;
  sendsJson(
    form,
    "/api/v1/password",
    () => location.assign("/"),
    ({ new: fresh, repeated }) => (fresh === repeated ? "" : t("The two new passwords differ.")),
  );
}
