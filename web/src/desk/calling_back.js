// The queue rule asks for an agent who is on a break: calm words, and impossible to overlook.
import { html, nothing } from "lit-html";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";

/**
 * Whether the policy asks this agent to come back.
 * @param {Partial<import("../core/live.js").Floor> | null} floor
 * @param {string} agent
 */
export function calledBack(floor, agent) {
  const seat = Object.values(floor?.seats ?? {}).find((one) => agent && one.agent === agent);
  return seat?.state === "break" && Boolean(floor?.policy?.called_back?.includes(agent));
}

/** @param {import("./desk.js").Desk} desk @param {Partial<import("../core/live.js").Floor> | null} floor */
export function returnBanner(desk, floor) {
  if (!calledBack(floor, desk.agent)) return nothing;
  const waiting = floor?.queue?.waiting.length ?? 0;
  return html`
    <section class="return" role="alert" data-testid="return">
      ${icon("horn")}
      <p><strong>${t("Please come back to your seat")}</strong>
        <span>${waiting ? t("{count} citizens are waiting.", { count: waiting }) : t("Citizens are waiting.")}</span></p>
      <button class="button" type="button" ?disabled=${desk.busy} aria-keyshortcuts="F2" @click=${() => desk.back()}>${t("I am back")}<kbd>F2</kbd></button>
    </section>
  `;
}

const title = document.title;
/** The tab says it too, for it may lie behind others. @param {boolean} asked @param {boolean} [rings] a citizen calls */
export function titleSays(asked, rings = false) {
  const wanted = rings ? `☎ ${t("A citizen is calling")}` : asked ? `‼ ${t("Please come back to your seat")}` : title;
  if (document.title !== wanted) document.title = wanted;
}
