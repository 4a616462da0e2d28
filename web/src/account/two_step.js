// Setting up the second step: scan, confirm, keep the recovery codes.
import { html, nothing, render, svg } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { recoveryCodes } from "./codes.js";

/** @typedef {{secret: string, uri: string, qr_size: number, qr_path: string}} Enrolment */
/** @typedef {{since: string | null, recovery_codes_left: number, required: boolean, password_needed: boolean}} TwoStep */

/** Light squares around the code, as the standard wants them. */
const QUIET = 4;

/** @param {Enrolment} made always black on white: a camera reads no other */
const qrCode = ({ qr_size: size, qr_path: path }) =>
  html`<svg class="qr" viewBox="0 0 ${size + 2 * QUIET} ${size + 2 * QUIET}" role="img" aria-label=${t("QR code for the authenticator")} shape-rendering="crispEdges">
    ${svg`<rect width="100%" height="100%" fill="#fff"></rect><path transform="translate(${QUIET} ${QUIET})" d=${path} fill="#000"></path>`}
  </svg>`;

/** @param {HTMLElement} main */
export function startTwoStep(main) {
  /** @type {TwoStep | null} */
  let status = null;
  /** @type {Enrolment | null} */
  let made = null;
  /** @type {string[]} */
  let codes = [];
  let fault = "";

  /** @param {() => Promise<void>} work */
  const attempt = async (work) => {
    fault = "";
    try {
      await work();
    } catch (error) {
      fault = error instanceof ApiError ? Object.values(error.fields)[0] ?? error.message : String(error);
    }
    draw();
    main.querySelector("input")?.focus();
  };

  const begin = (password = "") =>
    attempt(async () => {
      made = await request("POST", "/api/v1/two-step", { password });
    });
  /** @param {SubmitEvent} event */
  const beginWithPassword = (event) => {
    event.preventDefault();
    const values = new FormData(/** @type {HTMLFormElement} */ (event.target));
    void begin(String(values.get("password")));
  };
  /** @param {SubmitEvent} event */
  const confirm = (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const code = String(new FormData(form).get("code"));
    void attempt(async () => {
      ({ codes } = await request("POST", "/api/v1/two-step/confirm", { code }));
    });
  };

  const scan = (/** @type {Enrolment} */ shown) => html`<form class="card wide" @submit=${confirm}>
    <h1>${t("Set up the second step")}</h1>
    <ol class="steps">
      <li>${t("Install an authenticator on your telephone: any program for TOTP codes.")}</li>
      <li>${t("Scan this code with it.")}
        ${qrCode(shown)}
        <details><summary>${t("No camera? Type this secret instead")}</summary><code class="secret">${(shown.secret.match(/.{1,4}/g) ?? []).join(" ")}</code></details></li>
      <li>${t("Type the six digits that it shows now.")}
        <label><span class="sr-only">${t("Verification code")}</span><input class="code-input" name="code" required minlength="6" maxlength="10" inputmode="numeric" autocomplete="one-time-code"></label></li>
    </ol>
    <p class="fault" role="alert">${fault}</p>
    <div class="buttons"><button class="button primary">${t("Confirm")}</button>${status?.required ? nothing : html`<a class="button quiet" href="/account">${t("Cancel")}</a>`}</div>
  </form>`;

  const askPassword = () => html`<form class="card" @submit=${beginWithPassword}>
    <h1>${t("Set up the second step")}</h1>
    <p class="hint">${t("Your password first: nobody who finds this browser open shall do it in your name.")}</p>
    <input type="hidden" value=${document.documentElement.dataset.login ?? ""} autocomplete="username">
    <label><span>${t("Current password")}</span><input name="password" type="password" required maxlength="200" autocomplete="current-password"></label>
    <p class="fault" role="alert">${fault}</p>
    <div class="buttons"><button class="button primary">${t("Go on")}</button><a class="button quiet" href="/account">${t("Cancel")}</a></div>
  </form>`;

  const explain = () => html`<section class="card">
    <h1>${icon("lock")}${t("Second step")}</h1>
    <p>${status?.required ? t("Your role requires it: beside the password, a code from your telephone.") : t("Beside the password, a code from your telephone: a stolen password alone opens nothing.")}</p>
    <p class="fault" role="alert">${fault}</p>
    <div class="buttons"><button class="button primary" type="button" @click=${() => begin()}>${t("Set it up")}</button>${status?.required ? nothing : html`<a class="button quiet" href="/account">${t("Cancel")}</a>`}</div>
  </section>`;

  const already = () => html`<section class="card">
    <h1>${icon("met")}${t("The second step is set up")}</h1>
    <div class="buttons"><a class="button primary" href="/account">${t("My account")}</a></div>
  </section>`;

  const draw = () => {
    const view = () => {
      if (codes.length) return recoveryCodes(codes, () => location.assign(status?.required ? "/" : "/account"));
      if (made) return scan(made);
      if (!status) return html`<section class="card"><h1>${t("Second step")}</h1>${fault ? html`<p class="fault" role="alert">${fault}</p>` : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`}</section>`;
      if (status.since) return already();
      return status.password_needed ? askPassword() : explain();
    };
    render(view(), main);
  };

  main.replaceChildren();
  draw();
  void attempt(async () => {
    status = await request("GET", "/api/v1/two-step");
  });
}
