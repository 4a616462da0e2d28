// What stands in the way of trusting the board: shown in the place of its title, so that nothing below moves.
import { html } from "lit-html";
import { clockTime } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";

/**
 * The bands to show, the gravest first; none when all is well.
 * @param {import("../core/live.js").Live} live
 */
export function alerts(live) {
  if (live.link === "lost") {
    const since = live.floor ? t("Data as of {time}", { time: clockTime(live.heardAt) }) : t("No data yet");
    return [band("lost", "unplugged", t("Connection lost"), since, t("Reconnecting…"))];
  }
  const bands = [];
  if (live.floor?.asterisk === "down") {
    bands.push(band("bad", "stop", t("Telephony is down"), t("Calls cannot come in; restarting")));
  }
  if (live.floor?.database === "down") {
    bands.push(band("warn", "warn", t("Database is down"), t("Calls go on; figures stand still")));
  }
  if (live.floor?.announcement?.on) {
    bands.push(band("note", "horn", t("Emergency announcement is on"), t("Every caller hears it")));
  }
  return bands;
}

/**
 * @param {string} tone
 * @param {Parameters<typeof icon>[0]} shape
 * @param {string} title
 * @param {string[]} rest
 */
const band = (tone, shape, title, ...rest) => html`
  <div class="band" data-tone=${tone} role="alert">
    ${icon(shape)}<strong>${title}</strong>${rest.map((words) => html`<span>${words}</span>`)}
  </div>
`;
