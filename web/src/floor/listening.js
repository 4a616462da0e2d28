// Listening to a talk: the three ways, and the bar that shows what one hears now.
import { html, nothing } from "lit-html";
import { age } from "../core/clock.js";
import { duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";

/** @typedef {"listen" | "whisper" | "barge"} How */
/** @typedef {{id: string, by: string, seat: string, mode: How, state: "ringing" | "listening", phone: string | null, since: string}} Row */
/** @typedef {import("./floor.js").FloorPage} FloorPage */

/** @type {readonly {how: How, shape: "ear" | "whisper" | "barge", key: string}[]} */
export const WAYS = [
  { how: "listen", shape: "ear", key: "1" },
  { how: "whisper", shape: "whisper", key: "2" },
  { how: "barge", shape: "barge", key: "3" },
];

/** @param {How} how */
export const howWords = (how) => ({ listen: t("Listen in"), whisper: t("Whisper"), barge: t("Barge in") })[how] ?? how;

/** Who hears the supervisor. @param {How} how */
const heardBy = (how) =>
  ({ listen: t("Nobody hears you"), whisper: t("Only the agent hears you"), barge: t("Agent and citizen hear you") })[how] ?? "";

/** @param {FloorPage} page @param {number} now */
export function listeningBar(page, now) {
  const mine = page.mine;
  if (!mine) return nothing;
  const seat = page.seats.find((one) => one.seat === mine.seat);
  const rings = mine.state === "ringing";
  return html`<section class="fl-ear" data-mode=${mine.mode} data-rings=${String(rings)} aria-label=${t("Listening")}>
    <p class="fl-ear-head" role="status">${icon("ear")}
      <b>${rings ? t("Your phone rings: pick up to hear seat {seat}", { seat: mine.seat }) : `${mine.seat} ${seat?.name ?? ""}`}</b>
      ${rings ? nothing : html`<time>${duration(age(mine.since, now))}</time>`}</p>
    <p class="fl-ear-who">${heardBy(mine.mode)}</p>
    <div class="fl-ways" role="group" aria-label=${t("How you listen")}>
      ${WAYS.map(({ how, shape, key }) => html`<button type="button" aria-pressed=${String(mine.mode === how)} data-how=${how}
        ?disabled=${rings || page.busy} aria-keyshortcuts=${key} @click=${() => page.listen(mine.seat, how)}>${icon(shape)}${howWords(how)}</button>`)}
      <button type="button" class="fl-ear-end" ?disabled=${page.busy} @click=${() => page.stopListening()}>${t("Stop")}<kbd>0</kbd></button>
    </div>
  </section>`;
}
