// The quality of a call's line, said where it was poor; the figures are those of callcenter/hotline/rules/line_quality.py.
import { html, nothing } from "lit-html";
import { t } from "../core/i18n.js";

/** Below this opinion score many are dissatisfied. */
const POOR = 3.6;

/** @param {import("../desk/work.js").Call} call */
export function lineChip(call) {
  const sides = /** @type {const} */ ([
    [t("citizen's side"), call.mos_citizen],
    [t("agent's side"), call.mos_agent],
  ]);
  const poor = sides.filter(([, mos]) => typeof mos === "number" && mos < POOR);
  if (!poor.length) return nothing;
  const figures = t("{loss} % lost, jitter {jitter} ms, delay {delay} ms there and back", {
    loss: String(call.line_loss ?? 0),
    jitter: String(call.line_jitter_ms ?? 0),
    delay: String(call.line_rtt_ms ?? 0),
  });
  const words = poor.map(([side, mos]) => `${side} MOS ${mos?.toFixed(1)}`).join(", ");
  return html`<span class="chip" data-tone="warn" title=${`${words}; ${figures}`}>${t("Poor line")}
    <span class="sr-only">${words}; ${figures}</span></span>`;
}
