// An agent's day 座席一天: what they did when as a band, their figures, and their calls.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { clockMinute, percent } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { STATES, band, chosenDay, dayPicker, hours, spent, stateWords } from "./day.js";
import { callsTable } from "./timeline.js";

/**
 * @typedef {{state: string, reason: string | null, seat: string | null, since: string, until: string}} Stretch
 * @typedef {{agent: string, name: string, day: string, begin: string, end: string, stretches: Stretch[], seconds: Record<string, number>,
 *   first_seen: string | null, last_seen: string | null, answered: number, talked_seconds: number, busy_seconds: number,
 *   open_seconds: number, rated: number, satisfied: number, calls: import("../desk/work.js").Call[]}} AgentDay
 */

/** @param {HTMLElement} main */
export function startAgentDay(main) {
  let day = chosenDay();
  let agent = new URLSearchParams(location.search).get("agent") ?? "";
  /** @type {{agent: string, name: string}[]} */
  let agents = [];
  let nobody = false;
  /** @type {AgentDay | null} */
  let data = null;
  let fault = "";

  const load = async () => {
    const asked = `${agent} ${day}`;
    try {
      if (!agents.length) agents = await request("GET", "/api/v1/agents");
      agent ||= agents[0]?.agent ?? "";
      nobody = !agent;
      data = agent ? await request("GET", `/api/v1/reports/agent-day?agent=${encodeURIComponent(agent)}&day=${day}`) : null;
      fault = "";
    } catch (error) {
      data = null;
      fault = error instanceof ApiError ? error.message : String(error);
    }
    if (asked === `${agent} ${day}` || asked.startsWith(" ")) draw();
  };
  /** @param {string} whose @param {string} when */
  const choose = (whose, when) => {
    agent = whose;
    day = when;
    data = null;
    history.replaceState(null, "", `?agent=${encodeURIComponent(agent)}&day=${day}`);
    draw();
    void load();
  };

  const draw = () =>
    render(
      html`
        <header class="list-head"><h1>${t("An agent's day")}</h1>
          <div class="ad-head"><label><span>${t("Agent")}</span><select name="agent" @change=${(/** @type {Event} */ event) => choose(/** @type {HTMLSelectElement} */ (event.target).value, day)}>
            ${agents.map((one) => html`<option value=${one.agent} ?selected=${one.agent === agent}>${one.agent} ${one.name}</option>`)}</select></label>
            ${dayPicker(day, (when) => choose(agent, when))}</div>
          <p class="list-state"><a href=${`/timeline?day=${day}`}>${t("Timeline of the day")}</a></p></header>
        ${fault ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}${fault}</p>` : nothing}
        ${data ? page(data) : fault ? nothing : nobody
          ? html`<p class="empty">${t("There are no agents yet.")}</p>`
          : html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`}`,
      main,
    );
  draw();
  void load();
}

/** @param {AgentDay} data */
function page(data) {
  const { name, begin, stretches, seconds, calls } = data;
  if (!stretches.length && !calls.length) return html`<p class="empty">${icon("none")}${t("{name} has not been at work on this day.", { name })}</p>`;
  const span = data.first_seen && data.last_seen ? `${clockMinute(data.first_seen)}–${clockMinute(data.last_seen)}` : "—";
  const mean = data.answered ? spent(data.talked_seconds / Math.max(calls.filter((call) => call.answered_at).length, 1)) : "—";
  return html`
    <div class="tl-tiles">
      ${tile(t("At work"), span, t("signed in {time}", { time: spent(Object.values(seconds).reduce((sum, one) => sum + one, 0)) }))}
      ${tile(t("Answered"), String(data.answered), t("{count} calls in all", { count: calls.length }), "good")}
      ${tile(t("Talked"), spent(data.talked_seconds), t("{mean} each", { mean }), "busy")}
      ${tile(t("Occupancy"), percent(data.open_seconds ? data.busy_seconds / data.open_seconds : null), `${spent(data.busy_seconds)} / ${spent(data.open_seconds)}`)}
      ${tile(t("Satisfied"), percent(data.rated ? data.satisfied / data.rated : null), `${data.satisfied} / ${data.rated}`)}
      ${tile(t("On break"), spent(seconds.break ?? 0), t("{count} breaks", { count: stretches.filter(({ state }) => state === "break").length }), "warn")}
    </div>
    <section class="ad-band" aria-label=${t("States of {name}", { name })}>
      ${hours()} ${band(stretches, begin, t("States of {name}", { name }), true)}
      <div class="ad-legend">${STATES.map((state) => html`<span class="tl-key" data-state=${state}>${stateWords(state)} <b>${spent(seconds[state] ?? 0)}</b></span>`)}</div>
    </section>
    ${calls.length ? callsTable(calls) : html`<p class="empty">${icon("none")}${t("No calls here.")}</p>`}`;
}

/** @param {string} word @param {string} value @param {string} foot @param {string} [tone] */
const tile = (word, value, foot, tone) => html`<div class="tl-tile" data-tone=${tone ?? nothing}><span>${word}</span><strong>${value}</strong><small>${foot}</small></div>`;
