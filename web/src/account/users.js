// Accounts: the administrator adds people, gives roles and agent numbers, and closes accounts.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { clockMinute } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { role } from "../core/words.js";
import { chip } from "../lists/chip.js";

/** @typedef {{login: string, name: string, role: string, agent?: string, unit?: string, active: boolean, two_step_since?: string | null, locked_until?: string | null, locked_at?: string[], one_time_password?: string}} User */
/** @typedef {{code: string, name: string, active?: boolean}} Unit */

/** Where somebody's login is locked, and until when. @param {User} user */
function lockedChip({ locked_until: until, locked_at: places = [] }) {
  if (!until) return nothing;
  const where = places.join(", ");
  const words = t("Locked until {time}", { time: clockMinute(until) });
  return chip([where ? `${words} · ${where}` : words, "warn"]);
}

/** @param {HTMLElement} main */
export function startUsers(main) {
  /** @type {User[] | null} */
  let users = null;
  /** @type {Unit[]} */
  let units = [];
  let chosenRole = "agent";
  let fault = "";
  let told = "";
  let once = "";
  const own = document.documentElement.dataset.login;
  let said = "";
  /** @type {Record<string, string>} */
  let fields = {};

  /** @param {() => Promise<void>} work */
  const attempt = async (work) => {
    fault = told = once = said = "";
    fields = {};
    try {
      await work();
    } catch (error) {
      fault = error instanceof ApiError ? error.message : String(error);
      fields = error instanceof ApiError ? error.fields : {};
    }
    draw();
  };
  const load = async () => {
    users = await request("GET", "/api/v1/users");
    if (!units.length) units = await request("GET", "/api/v1/units").catch(() => []);
  };
  /** @param {User} user @param {object} change */
  const patch = (user, change) =>
    attempt(async () => {
      await request("PATCH", `/api/v1/users/${encodeURIComponent(user.login)}`, change);
      await load();
    });

  /** @param {SubmitEvent} event */
  const add = (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    // A field that is left empty is not sent: no agent number, no unit.
    const values = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
    void attempt(async () => {
      const made = await request("POST", "/api/v1/users", values);
      await load();
      form.reset();
      chosenRole = "agent";
      tell(made);
    });
  };

  /** Whoever works for a member unit has no agent number, and nobody else a unit. @param {Event} event */
  const chooseRole = (event) => {
    chosenRole = /** @type {HTMLSelectElement} */ (event.target).value;
    draw();
  };

  /** @param {User} user a one-time password is in the server's answer this once and never again */
  const tell = ({ login, one_time_password: password }) => {
    told = login;
    once = password ?? "";
  };

  /** @param {User} user */
  const reset = (user) =>
    attempt(async () => tell(await request("PATCH", `/api/v1/users/${encodeURIComponent(user.login)}`, { reset_password: true })));

  /** @param {User} user @param {"unlock" | "reset-two-step"} deed @param {string} done */
  const relieve = (user, deed, done) =>
    attempt(async () => {
      await request("POST", `/api/v1/users/${encodeURIComponent(user.login)}/${deed}`, {});
      await load();
      said = done;
    });

  const toldView = () => {
    const sentence = once ? t("One-time password for {login}, shown only now:", { login: told }) : t("{login} has been added.", { login: told });
    return html`<p class="notice" data-tone="good">${icon("met")}<span>${sentence} ${once ? html`<code class="once">${once}</code>` : nothing}</span></p>`;
  };

  /** @param {string} name @param {string} label @param {unknown} input */
  const field = (name, label, input) =>
    html`<label><span>${label}</span>${input}<small class="fault">${fields[name] ?? ""}</small></label>`;

  const resetWord = t("New one-time password");
  const draw = () =>
    render(
      html`
        <header class="list-head"><h1>${t("Users")}</h1></header>
        <div role="alert">${fault ? html`<p class="notice" data-tone="bad">${icon("warn")}${fault}</p>` : nothing}</div>
        <div role="status">${told ? toldView() : said ? html`<p class="notice" data-tone="good">${icon("met")}${said}</p>` : nothing}</div>
        <form class="panel filters" @submit=${add}>
          ${field("login", t("Login"), html`<input name="login" required maxlength="64" pattern="[a-z0-9][a-z0-9._\\-]*" autocomplete="off" spellcheck="false">`)}
          ${field("name", t("Name"), html`<input name="name" required maxlength="64" autocomplete="off">`)}
          ${field("role", t("Role"), html`<select name="role" @change=${chooseRole}>${role.all().map(([value, [word]]) => html`<option value=${value} ?selected=${value === chosenRole}>${word}</option>`)}</select>`)}
          ${chosenRole === "unit"
            ? field("unit", t("Member unit"), html`<select name="unit" required>
                <option value="">${t("Please choose")}</option>
                ${units.filter(({ active }) => active !== false).map(({ code, name }) => html`<option value=${code}>${name}</option>`)}</select>`)
            : ["inspector", "manager"].includes(chosenRole) ? nothing : field("agent", t("Agent number"), html`<input name="agent" maxlength="10" inputmode="numeric" autocomplete="off">`)}
          <button class="button primary">${t("Add")}</button>
        </form>
        ${users === null
          ? fault ? nothing : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`
          : html`<div class="table-box" tabindex="0" role="region" aria-label=${t("Users")}><table>
              <thead><tr>${[t("Login"), t("Name"), t("Role"), t("Agent number"), t("State"), ""].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
              <tbody>${users.map(
                (user) => html`<tr>
                  <td data-label=${t("Login")}><b>${user.login}</b></td>
                  <td data-label=${t("Name")}>${user.name}</td>
                  <td data-label=${t("Role")}>${role(user.role)[0]}${user.unit ? html` · ${units.find(({ code }) => code === user.unit)?.name ?? user.unit}` : nothing}</td>
                  <td data-label=${t("Agent number")}>${user.agent ?? "—"}</td>
                  <td data-label=${t("State")}>${chip(user.active ? [t("Active"), "good"] : [t("Closed account"), "dim"])}${user.two_step_since ? chip([t("Second step"), "busy"]) : nothing}${lockedChip(user)}</td>
                  <td class="cell-actions">${user.locked_until ? html`<button class="button small" type="button" @click=${() => relieve(user, "unlock", t("{login} is unlocked.", { login: user.login }))}>${t("Unlock")}</button>` : nothing}
                    ${user.two_step_since && user.login !== own ? html`<button class="button quiet small" type="button" @click=${() => relieve(user, "reset-two-step", t("{login} signs in with the password alone now.", { login: user.login }))}>${t("Reset second step")}</button>` : nothing}
                    <button class="button quiet small" type="button" @click=${() => reset(user)}>${resetWord}</button>
                    <button class="button quiet small" type="button" @click=${() => patch(user, { active: !user.active })}>${user.active ? t("Close account") : t("Open again")}</button></td>
                </tr>`,
              )}</tbody></table></div>`}
      `,
      main,
    );

  draw();
  void attempt(load);
}
