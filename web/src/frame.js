// What every page has around it: the connection's state, theme, sign-out and, for supervisors, the emergency announcement.
import { html, nothing, render } from "lit-html";
import { startShiftEnd } from "./account/again.js";
import { alarmsOf } from "./core/alarms.js";
import { ApiError, request } from "./core/api.js";
import { clockTime } from "./core/format.js";
import { t } from "./core/i18n.js";
import { icon } from "./core/icons.js";
import { live } from "./core/live.js";
import { may } from "./core/rights.js";
import { chosenTheme, nextTheme } from "./core/theme.js";
import { calledBack } from "./desk/calling_back.js";

export function startFrame() {
  startTheme();
  document.getElementById("sign-out")?.addEventListener("click", async () => {
    await request("POST", "/api/v1/sign-out", {}).catch(() => null);
    location.assign("/sign-in");
  });
  // A menu closes when the attention goes elsewhere.
  for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("#user-menu, #nav-more"))) {
    document.addEventListener("pointerdown", ({ target }) => {
      if (!menu.contains(/** @type {Node} */ (target))) menu.open = false;
    });
    menu.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary")?.focus();
    });
  }
  const shiftEnd = document.getElementById("shift-end");
  if (shiftEnd) startShiftEnd(shiftEnd);
  const status = document.getElementById("floor-status");
  if (status) startStatus(status);
  const announcement = document.getElementById("announcement");
  if (announcement) startAnnouncement(announcement);
}

function startTheme() {
  const button = document.getElementById("theme");
  if (!button) return;
  const draw = () => {
    const theme = chosenTheme();
    const words = { dark: t("Dark"), light: t("Light"), auto: t("As the system") };
    render(html`${icon(theme)}<span>${t("Theme")}: ${words[theme]}</span>`, button);
  };
  button.addEventListener("click", () => {
    nextTheme();
    draw();
  });
  draw();
}

/** @param {HTMLElement} place */
function startStatus(place) {
  const data = document.documentElement.dataset;
  const supervises = may("floor.supervise");
  live.subscribe(() => {
    const { asterisk, database } = live.floor ?? {};
    const lost = live.link === "lost";
    const words = lost
      ? `${t("Connection lost")} · ${live.floor ? t("Data as of {time}", { time: clockTime(live.heardAt) }) : t("Reconnecting…")}`
      : asterisk === "down"
        ? t("Telephony is down")
        : database === "down"
          ? t("Database is down")
          : "";
    // The desk says it larger, and in its own place.
    const wanted = data.page !== "desk" && !lost && calledBack(live.floor, data.agent ?? "");
    render(
      html`${words ? html`<p class="notice" data-tone=${lost || asterisk === "down" ? "bad" : "warn"}>${icon("warn")}${words}</p>` : nothing}
        ${wanted ? html`<p class="frame-return" role="alert">${icon("horn")}${t("Please come back to your seat")}<a href="/desk">${t("Desk")}</a></p>` : nothing}
        ${supervises && !lost ? alarmsOf(live.floor?.alarms).map(alarmLine) : nothing}`,
      place,
    );
  });
}

/** @param {import("./core/alarms.js").Alarm} alarm */
const alarmLine = ({ tone, title, details, since }) => html`<p class="notice" data-tone=${tone} data-testid="alarm">
  ${icon(tone === "bad" ? "stop" : "warn")}${[title, ...details, since].filter(Boolean).join(" · ")}</p>`;

/**
 * Switching it on speaks to every caller: it takes a second press.
 * @param {HTMLElement} place
 */
function startAnnouncement(place) {
  let asking = false;
  let fault = "";
  const draw = () => {
    const on = Boolean(live.floor?.announcement?.on);
    const ready = live.link === "live";
    const ask = (/** @type {boolean} */ wanted) => () => {
      asking = wanted;
      fault = "";
      draw();
    };
    const change = async () => {
      asking = false;
      try {
        await request("POST", "/api/v1/announcement", { on: !on });
        fault = "";
      } catch (error) {
        fault = error instanceof ApiError ? error.message : String(error);
      }
      draw();
    };
    render(
      html`<button class="announcement" type="button" aria-pressed=${on} ?disabled=${!ready} @click=${ask(!asking)}>
          ${icon("horn")}<span>${t("Emergency announcement")}</span><b>${on ? t("On") : t("Off")}</b>
        </button>
        ${asking || fault
          ? html`<div class="popover" role="dialog" aria-label=${t("Emergency announcement")}>
              <p>${fault || (on ? t("Stop playing it to callers?") : t("Play it to every caller from now on?"))}</p>
              <div class="buttons">
                ${fault
                  ? nothing
                  : html`<button class="button ${on ? "" : "danger"}" type="button" @click=${change}>${on ? t("Switch off") : t("Switch on")}</button>`}
                <button class="button quiet" type="button" @click=${ask(false)}>${fault ? t("Close") : t("Cancel")}</button>
              </div>
            </div>`
          : nothing}`,
      place,
    );
  };
  live.subscribe(draw);
  draw();
}
