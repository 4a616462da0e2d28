// The shift ends 交接班, and the session with it: people are told before, and sign in again without leaving the page.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { serverNow } from "../core/clock.js";
import { clockMinute } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { askHere, toSignIn } from "../core/session.js";

const TOLD_BEFORE_MS = 10 * 60_000;
const LOOK_MS = 15_000;
/** How often the server is asked while people are told: they may have signed in again elsewhere. */
const ASK_MS = 60_000;

/** @typedef {{login: string, shift_ends_at?: string | null, session_ends_at?: string | null, must_change_password?: boolean, must_enrol?: boolean}} Me */

/** @param {HTMLElement} place where people are told */
export function startShiftEnd(place) {
  const { login = "", shiftEnds, sessionEnds, page } = document.documentElement.dataset;
  /** @type {Partial<Me>} */
  let me = { shift_ends_at: shiftEnds ?? null, session_ends_at: sessionEnds ?? null };
  let over = false;
  let putOff = false;
  let askedAt = serverNow(); // the page itself has just told
  let fault = "";
  let pending = "";
  let busy = false;
  let told = "";
  const box = document.createElement("dialog");
  box.className = "again";
  box.setAttribute("aria-labelledby", "again-title");

  const ends = () => Date.parse(me.shift_ends_at ?? "");
  const soon = () => ends() - serverNow() <= TOLD_BEFORE_MS;

  /** @param {Me} fresh */
  const take = (fresh) => {
    if (fresh.must_change_password || fresh.must_enrol) return location.reload();
    const later = fresh.session_ends_at !== me.session_ends_at;
    me = fresh;
    if (later) putOff = false;
  };

  const look = async () => {
    if (!over && soon() && serverNow() - askedAt >= ASK_MS) {
      askedAt = serverNow();
      const fresh = await request("GET", "/api/v1/me").catch(() => null);
      if (fresh?.login === login) take(fresh);
    }
    draw();
  };

  const open = () => {
    fault = pending = told = "";
    drawBox();
    if (!box.open) {
      document.body.append(box);
      box.showModal();
    }
  };
  const close = () => {
    if (box.open) box.close();
    box.remove();
  };

  /** @param {SubmitEvent} event */
  const send = async (event) => {
    event.preventDefault();
    if (busy) return;
    const values = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target)));
    busy = true;
    try {
      const answer = pending
        ? await request("POST", "/api/v1/sign-in/code", { pending, code: values["code"] })
        : await request("POST", "/api/v1/sign-in", { user: login, password: values["password"] });
      fault = "";
      if (answer.pending) pending = answer.pending;
      else {
        over = false;
        take(answer);
        close();
        told = me.session_ends_at ? t("Signed in again, until {time}.", { time: clockMinute(me.session_ends_at) }) : t("Signed in again.");
        setTimeout(() => {
          told = "";
          draw();
        }, 8000);
      }
    } catch (error) {
      fault = error instanceof ApiError ? error.message : String(error);
      if (error instanceof ApiError && error.status === 410) pending = "";
    }
    busy = false;
    draw();
    if (box.open) {
      drawBox();
      /** @type {HTMLInputElement | null} */ (box.querySelector("input:not([readonly])"))?.focus();
    }
  };

  const sentence = () => {
    const times = { shift: clockMinute(me.shift_ends_at), end: clockMinute(me.session_ends_at) };
    if (serverNow() < Date.parse(me.session_ends_at ?? "")) return t("The shift ends at {shift}. From {end} on you have to sign in again.", times);
    return t("The shift has ended. After this talk and its wrap-up you have to sign in again.");
  };

  const drawBox = () => {
    box.dataset.over = String(over);
    render(
      html`<form @submit=${send}>
        <h2 id="again-title">${icon("lock")}${over ? t("Please sign in again") : t("The shift ends soon")}</h2>
        <p class="hint">${over ? t("Your session is over. What you have typed is kept.") : sentence()}</p>
        ${pending
          ? html`<label><span>${t("Code from your telephone, or a recovery code")}</span><input name="code" required minlength="6" maxlength="30" autocomplete="one-time-code" spellcheck="false" autofocus></label>`
          : html`<label><span>${t("Login")}</span><input name="user" value=${login} autocomplete="username" readonly></label>
              <label><span>${t("Password")}</span><input name="password" type="password" required maxlength="200" autocomplete="current-password" autofocus></label>`}
        <p class="fault" role="alert">${fault}</p>
        <div class="buttons">
          <button class="button primary">${t("Sign in")}</button>
          ${over ? nothing : html`<button class="button quiet" type="button" @click=${close}>${t("Later")}</button>`}
          <button class="link" type="button" @click=${toSignIn}>${t("Somebody else")}</button>
        </div>
      </form>`,
      box,
    );
  };

  const draw = () => {
    const wanted = !over && !putOff && soon();
    render(
      told
        ? html`<p class="notice" data-tone="good">${icon("met")}<span>${told}</span></p>`
        : wanted
          ? html`<p class="notice" data-tone="warn" data-testid="shift-end">${icon("warn")}<span><b>${t("The shift ends soon")}</b> ${sentence()}</span>
              <button class="button small" type="button" @click=${open}>${t("Sign in again now")}</button>
              <button class="button small quiet" type="button" @click=${() => ((putOff = true), draw())}>${t("Understood")}</button></p>`
          : nothing,
      place,
    );
  };

  // A box over a session that is over cannot be closed: what lies under it is no longer this person's to see.
  box.addEventListener("cancel", (event) => over && event.preventDefault());
  box.addEventListener("close", () => (over ? box.showModal() : box.remove()));
  // A screen on the wall has no keyboard before it, and nothing typed on it.
  if (page !== "wallboard" && typeof box.showModal === "function")
    askHere(() => {
      if (over) return;
      over = true;
      draw();
      open();
    });
  setInterval(look, LOOK_MS);
  void look();
}
