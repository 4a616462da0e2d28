// 拨测: the hotline called itself as a citizen would; what it found, and a button to do it now.
import { html, nothing } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { shortMoment } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { testFaults } from "../core/test_faults.js";
import { testResult } from "../core/words_owed.js";
import { chip } from "../lists/chip.js";
import { startList } from "../lists/list.js";

/** @typedef {{id: number, at: string, trunk: string, result: string, greeting_seconds?: number, person_seconds?: number,
 *   waiting_found?: number, detail?: string}} TestDial */

/** How soon a dial that is under way may have ended. */
const SOON_MS = 2000;

/** @param {HTMLElement} main */
export function startTestDials(main) {
  let busy = false;
  let fault = "";
  let told = "";
  let timer = 0;

  const dial = async () => {
    if (busy) return;
    busy = true;
    fault = told = "";
    page.draw();
    try {
      await request("POST", "/api/v1/test-dials", {});
      told = t("The hotline is dialling itself; the result appears below.");
    } catch (error) {
      fault = error instanceof ApiError ? error.message : String(error);
    }
    busy = false;
    page.refresh();
    page.draw();
  };

  const top = () => html`
    <section class="panel dial-now">
      <button class="button primary" type="button" ?disabled=${busy} @click=${dial}>${icon("phone")}${t("Dial now")}</button>
      <p class="hint">${t("The hotline dials itself as a citizen would. It never takes a citizen's place and counts in no figure.")}</p>
      <div role="alert">${fault ? html`<p class="notice" data-tone="bad">${icon("warn")}${fault}</p>` : nothing}</div>
      <div role="status">${told ? html`<p class="notice" data-tone="good">${icon("met")}${told}</p>` : nothing}</div>
    </section>
  `;

  const page = startList(main, /** @type {import("../lists/list.js").Listing<TestDial>} */ ({
    title: t("Test dials"),
    url: "/api/v1/test-dials",
    empty: t("No test dial yet."),
    key: ({ id }) => id,
    attention: ({ result }) => result === "failed",
    top: () => top(),
    seen: (rows) => {
      clearTimeout(timer);
      if (rows.some(({ result }) => result === "dialling")) timer = window.setTimeout(() => page.refresh(), SOON_MS);
    },
    filters: [{ name: "day", label: t("Day"), type: "date" }],
    columns: [
      { name: t("Time"), kind: "time", cell: ({ at }) => shortMoment(at) },
      { name: t("Result"), cell: ({ result }) => chip(testResult(result)) },
      { name: t("To the greeting"), kind: "number", cell: (dial) => seconds(dial.greeting_seconds) },
      { name: t("To a person"), kind: "number", cell: (dial) => seconds(dial.person_seconds) },
      { name: t("Waiting found"), kind: "number", cell: (dial) => dial.waiting_found ?? "—" },
      { name: t("Line"), cell: ({ trunk }) => trunk || "—" },
      { name: t("What was wrong"), cell: ({ detail }) => (detail ? html`<span class="cell-wide">${testFaults(detail)}</span>` : "—") },
    ],
  }));
}

/** @param {number | undefined} value */
const seconds = (value) => (typeof value === "number" ? t("{seconds} s", { seconds: value.toFixed(1) }) : "—");
