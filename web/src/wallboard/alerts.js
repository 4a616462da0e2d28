// What stands in the way of trusting the board, or of the hotline itself: shown in the place of its title, so that nothing below moves.
import { html } from "lit-html";
import { alarmsOf } from "../core/alarms.js";
import { clockTime } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";

/** More than these would be too small to read from across the room. */
const SHOWN = 3;

/** @typedef {{tone: string, shape: Parameters<typeof icon>[0], title: string, details: string[], since?: string}} Band */

/**
 * The bands to show, the gravest first; none when all is well. The last one counts those that have no room.
 * @param {import("../core/live.js").Live} live
 */
export function alerts(live) {
  const all = live.link === "lost" ? [lost(live)] : standing(live.floor ?? {});
  if (all.length <= SHOWN) return all.map(band);
  const rest = all.slice(SHOWN - 1);
  const more = t("{count} more alarms", { count: rest.length });
  const tone = rest.some((one) => one.tone === "bad") ? "bad" : "warn";
  return [...all.slice(0, SHOWN - 1), { tone, shape: /** @type {const} */ ("warn"), title: more, details: [rest.map((one) => one.title).join(t(", "))] }].map(band);
}

/** @param {import("../core/live.js").Live} live @returns {Band} */
function lost({ floor, heardAt }) {
  const since = floor ? t("Data as of {time}", { time: clockTime(heardAt) }) : t("No data yet");
  return { tone: "lost", shape: "unplugged", title: t("Connection lost"), details: [since, t("Reconnecting…")] };
}

/** @param {Partial<import("../core/live.js").Floor>} floor @returns {Band[]} */
function standing({ asterisk, database, announcement, alarms }) {
  /** @type {Band[]} */
  const bands = alarmsOf(alarms).map(({ tone, ...words }) => ({ tone, ...words, shape: tone === "bad" ? "stop" : "warn" }));
  if (database === "down") {
    const at = bands.findIndex(({ tone }) => tone === "warn");
    const down = /** @type {Band} */ ({ tone: "warn", shape: "warn", title: t("Database is down"), details: [t("Calls go on; figures stand still")] });
    bands.splice(at < 0 ? bands.length : at, 0, down);
  }
  if (asterisk === "down") {
    bands.unshift({ tone: "bad", shape: "stop", title: t("Telephony is down"), details: [t("Calls cannot come in; restarting")] });
  }
  if (announcement?.on) {
    bands.push({ tone: "note", shape: "horn", title: t("Emergency announcement is on"), details: [t("Every caller hears it")] });
  }
  return bands;
}

/** @param {Band} band */
const band = ({ tone, shape, title, details, since }) => html`
  <div class="band" data-tone=${tone} role="alert">
    ${icon(shape)}<strong>${title}</strong><span class="band-details">${details.map((words) => html`<span>${words}</span>`)}${since ? html`<span class="band-since">${since}</span>` : ""}</span>
  </div>
`;
