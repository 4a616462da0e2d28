// One's own account: password, second step, and where one is signed in.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { clockMinute, shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { chip } from "../lists/chip.js";
import { browserName } from "./browser_name.js";
import { recoveryCodes } from "./codes.js";

/** @typedef {{id: string, began_at: string, seen_at: string, ends_at: string | null, address: string, browser: string, here: boolean}} Row */
/** @typedef {import("./two_step.js").TwoStep} TwoStep */

/** @param {HTMLElement} main */
export function startAccount(main) {
  /** @type {Row[] | null} */
  let rows = null;
  /** @type {TwoStep | null} */
  let status = null;
  /** @type {"" | "stop" | "renew"} what a code is asked for */
  let asking = "";
  /** @type {string[]} */
  let codes = [];
  let fault = "";
  let codeFault = "";
  let told = "";

  const load = async () => {
    [rows, status] = await Promise.all([request("GET", "/api/v1/sessions"), request("GET", "/api/v1/two-step")]);
  };
  /** @param {() => Promise<void>} work */
  const attempt = async (work) => {
    fault = told = codeFault = "";
    try {
      await work();
    } catch (error) {
      fault = error instanceof ApiError ? error.message : String(error);
    }
    draw();
  };

  /** @param {string} path */
  const end = (path) =>
    attempt(async () => {
      await request("POST", path, {});
      told = t("Signed out there.");
      await load();
    });

  /** @param {"" | "stop" | "renew"} what */
  const ask = (what) => {
    asking = what;
    codeFault = "";
    draw();
    /** @type {HTMLInputElement | null} */ (main.querySelector("[name=code]"))?.focus();
  };

  /** @param {SubmitEvent} event */
  const give = async (event) => {
    event.preventDefault();
    const code = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("code"));
    try {
      if (asking === "stop") {
        await request("POST", "/api/v1/two-step/stop", { code });
        told = t("The second step is off. Your other sessions have ended.");
      } else ({ codes } = await request("POST", "/api/v1/two-step/recovery-codes", { code }));
      asking = "";
      await load();
    } catch (error) {
      codeFault = error instanceof ApiError ? error.message : String(error);
    }
    draw();
  };

  const codeForm = () => html`<form class="account-code" @submit=${give}>
    <label><span>${t("Code from your telephone, or a recovery code")}</span><input class="code-input" name="code" required minlength="6" maxlength="30" autocomplete="one-time-code" spellcheck="false"></label>
    <p class="fault" role="alert">${codeFault}</p>
    <div class="buttons"><button class="button ${asking === "stop" ? "danger" : "primary"}">${asking === "stop" ? t("Turn off") : t("Make new codes")}</button>
      <button class="button quiet" type="button" @click=${() => ask("")}>${t("Cancel")}</button></div>
  </form>`;

  /** @param {TwoStep} now */
  const twoStep = (now) => html`<section class="panel account-part" aria-labelledby="two-step-title">
    <header><h2 id="two-step-title">${t("Second step")}</h2>${chip(now.since ? [t("Turned on"), "good"] : [t("Turned off"), "dim"])}</header>
    ${now.since
      ? html`<p>${t("After the password, a code from your telephone is asked for, since {time}.", { time: shortMoment(now.since) })}</p>
          <p data-tone=${now.recovery_codes_left < 3 ? "warn" : "dim"} class="account-left">${icon(now.recovery_codes_left < 3 ? "warn" : "lock")}${t("Recovery codes left: {count}", { count: now.recovery_codes_left })}</p>
          ${asking
            ? codeForm()
            : html`<div class="buttons"><button class="button small" type="button" @click=${() => ask("renew")}>${t("New recovery codes")}</button>
                ${now.required ? nothing : html`<button class="button small quiet" type="button" @click=${() => ask("stop")}>${t("Turn off")}</button>`}</div>`}`
      : html`<p>${t("Beside the password, a code from your telephone: a stolen password alone opens nothing.")}</p>
          <div class="buttons"><a class="button small primary" href="/two-step">${t("Set it up")}</a></div>`}
  </section>`;

  /** @param {Row} row */
  const sessionRow = (row) => html`<tr data-here=${row.here}>
    <td data-label=${t("Browser")}><b>${browserName(row.browser)}</b>${row.here ? chip([t("This one"), "good"]) : nothing}</td>
    <td data-label=${t("Network address")}>${row.address || "—"}</td>
    <td data-label=${t("Signed in at")}>${shortMoment(row.began_at)}</td>
    <td data-label=${t("Last used")}>${shortMoment(row.seen_at)}</td>
    <td data-label=${t("Ends with the shift")}>${row.ends_at ? clockMinute(row.ends_at) : "—"}</td>
    <td class="cell-actions">${row.here ? nothing : html`<button class="button quiet small" type="button" @click=${() => end(`/api/v1/sessions/${row.id}/end`)}>${t("Sign out there")}</button>`}</td>
  </tr>`;

  /** @param {Row[]} shown */
  const sessions = (shown) => html`<section class="panel account-part wide" aria-labelledby="sessions-title">
    <header><h2 id="sessions-title">${t("Where I am signed in")}</h2>
      ${shown.length > 1 ? html`<button class="button small" type="button" @click=${() => end("/api/v1/sessions/end-others")}>${t("Sign out everywhere else")}</button>` : nothing}</header>
    <div class="table-box" tabindex="0" role="region" aria-label=${t("Where I am signed in")}><table>
      <thead><tr>${[t("Browser"), t("Network address"), t("Signed in at"), t("Last used"), t("Ends with the shift"), ""].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${shown.map(sessionRow)}</tbody></table></div>
    <p class="hint">${t("One that you do not know? Sign out there, and change your password.")}</p>
  </section>`;

  const draw = () => {
    if (codes.length) {
      const kept = () => {
        codes = [];
        draw();
      };
      return render(recoveryCodes(codes, kept), main);
    }
    render(
      html`<header class="list-head"><h1>${t("My account")}</h1></header>
        <div role="alert">${fault ? html`<p class="notice" data-tone="bad">${icon("warn")}${fault}</p>` : nothing}</div>
        <div role="status">${told ? html`<p class="notice" data-tone="good">${icon("met")}${told}</p>` : nothing}</div>
        ${rows && status
          ? html`<div class="account">
              <section class="panel account-part" aria-labelledby="password-title">
                <header><h2 id="password-title">${t("Password")}</h2></header>
                <p>${t("A new password ends your sessions in every other browser.")}</p>
                <div class="buttons"><a class="button small" href="/password">${t("Change password")}</a></div>
              </section>
              ${twoStep(status)} ${sessions(rows)}
            </div>`
          : fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`}`,
      main,
    );
  };

  draw();
  void attempt(load);
}
