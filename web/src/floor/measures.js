// What the queue rule's policy does now, with a way to undo it, and the reserves, who are also called in by hand.
import { html, nothing } from "lit-html";
import { duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { policyLevel } from "../core/words_owed.js";

/** @typedef {{name: string, seat: string | null, joined: boolean, by: "policy" | "hand" | null, busy: boolean, obstacle: string | null}} Reserve */
/** @typedef {import("./floor.js").FloorPage} FloorPage */

/** @param {FloorPage} page */
export function measuresPanel(page) {
  const { policy } = page;
  const wait = policy?.predicted_wait ?? null;
  return html`
    <section class="fl-measures" aria-labelledby="fl-measures-title">
      <header>
        <h2 id="fl-measures-title">${t("Measures")}</h2>
        ${policy ? html`<span class="chip" data-tone=${policyLevel(policy.level)[1]}>${policyLevel(policy.level)[0]}</span>` : nothing}
        <p>${t("Predicted wait")} <b>${wait === null ? "—" : duration(Math.round(wait))}</b></p>
        <a href="/policy-log">${t("All measures")}</a>
      </header>
      <ul class="fl-deeds">
        ${page.calledBack.map((agent) => html`<li><span>${icon("horn")}${t("{name} is asked to come back from the break", { name: page.agentName(agent) })}</span>
          <button class="button small" type="button" ?disabled=${page.busy} @click=${() => page.undo("call_back_break", agent)}>${t("Undo")}</button></li>`)}
        ${page.reserves.map((reserve) => reserveRow(page, reserve))}
        ${page.calledBack.length || page.reserves.length ? nothing : html`<li class="fl-none">${t("No measure is needed")}</li>`}
      </ul>
    </section>`;
}

/** @param {FloorPage} page @param {Reserve} reserve */
function reserveRow(page, { name, seat, joined, by, busy, obstacle }) {
  const where = seat ?? t("Telephone");
  const state = joined
    ? busy ? t("On a call") : by === "policy" ? t("Called in by the policy") : t("Called in by hand")
    : obstacle === "phone" ? t("No phone") : obstacle === "taken" ? t("Seat is taken") : obstacle === "elsewhere" ? t("At another seat") : t("On standby");
  return html`<li data-reserve=${name} data-tone=${joined ? "good" : obstacle ? "bad" : "dim"}>
    <span>${icon("people")}<b>${page.agentName(name)}</b><small>${where}</small><em>${state}</em></span>
    ${joined
      ? html`<button class="button small" type="button" ?disabled=${page.busy || busy} @click=${() => page.reserve(name, false)}>${by === "policy" ? t("Undo") : t("Send back")}</button>`
      : html`<button class="button small" type="button" ?disabled=${page.busy || Boolean(obstacle)} @click=${() => page.reserve(name, true)}>${t("Call in")}</button>`}
  </li>`;
}
