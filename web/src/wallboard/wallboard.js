// The big screen. The whole board is one template: an event or a second's tick renders it, and lit touches what changed.
import { html, render } from "lit-html";
import { everySecond, serverNow } from "../core/clock.js";
import { clockTime, longDay, weekday } from "../core/format.js";
import { language, t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { live } from "../core/live.js";
import { chosenTheme, nextTheme } from "../core/theme.js";
import { alerts } from "./alerts.js";
import { figuresPanel } from "./figures.js";
import { hero } from "./hero.js";
import { policyStrip } from "./policy.js";
import { seatsPanel } from "./seats.js";

const themeWords = () => ({ dark: t("Dark"), light: t("Light"), auto: t("As the system") });

/** @param {() => void} draw */
function tools(draw) {
  const theme = chosenTheme();
  const change = () => {
    nextTheme();
    draw();
  };
  const fullScreen = () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
  const other = language === "en" ? { code: "zh_CN", word: "中文" } : { code: "en", word: "EN" };
  return html`
    <nav class="board-tools" aria-label=${t("Display")}>
      <a class="tool" href="/" title=${t("Back to the panel")} aria-label=${t("Back to the panel")}>${icon("back")}</a>
      <a class="tool" href="?lang=${other.code}" lang=${other.code.replace("_", "-")}>${other.word}</a>
      <button class="tool" type="button" @click=${change} title=${themeWords()[theme]} aria-label="${t("Theme")}: ${themeWords()[theme]}">${icon(theme)}</button>
      <button class="tool full-screen" type="button" @click=${fullScreen} title=${t("Full screen")} aria-label=${t("Full screen")}>${icon("full")}</button>
    </nav>
  `;
}

/** @param {HTMLElement} main */
export function startWallboard(main) {
  const draw = () => {
    const bands = alerts(live);
    const time = serverNow();
    render(
      html`
        <div class="board" data-link=${live.link}>
          <header class="board-head">
            ${bands.length
              ? html`<div class="bands" data-count=${bands.length}>${bands}</div>`
              : html`<h1 class="board-title">
                  <b>12345</b><span>${t("Citizen service hotline")}</span>
                  <small class="board-live">${live.link === "live" ? t("Live") : t("Connecting…")}</small>
                </h1>`}
            ${tools(draw)}
            <div class="board-clock">
              <time class="clock">${clockTime(time)}</time>
              <span class="date"><span>${longDay(time)}</span><span>${weekday(time)}</span></span>
            </div>
          </header>
          ${policyStrip(live.floor ?? {})} ${hero(live.floor?.queue, live.floor?.policy, live.now)} ${seatsPanel(live.floor?.seats, live.now)} ${figuresPanel(live.floor ?? {})}
        </div>
      `,
      main,
    );
  };
  main.replaceChildren(); // what the server drew until now
  everySecond(draw);
  live.subscribe(draw);
}
