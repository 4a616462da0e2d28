// The timeline of a day 当日时间线: calls, waiting and agents over one time axis; every number opens its calls.
import { html, nothing, render } from "lit-html";
import { ApiError, request } from "../core/api.js";
import { serverNow } from "../core/clock.js";
import { between, callerNumber, clockMinute, clockTime, dayOf, duration } from "../core/format.js";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { outcome, seatState } from "../core/words.js";
import { chip } from "../lists/chip.js";
import { STATES, band, chosenDay, dayPicker, hours, spent } from "./day.js";
import { draw as drawPlot, stacked } from "./plots.js";

/**
 * @typedef {{agent: string, name: string, seconds: Record<string, number>, answered: number, stretches: [string, string, string, string | null][]}} Person
 * @typedef {{day: string, begin: string, end: string, slice_seconds: number, arrived: number[], answered: number[], missed: number[],
 *   waiting: number[], agents: Record<string, number[]>, totals: Record<"arrived" | "answered" | "missed" | "waiting", number>, people: Person[]}} Day
 * @typedef {"arrived" | "answered" | "missed" | "waiting"} Which
 * @typedef {{which: Which, since: number, until: number, rows: import("../desk/work.js").Call[] | null, fault: string}} Behind
 */

/** The number of waiting callers that must never be reached. */
const LIMIT = 5;
const AGAIN_MS = 60_000;
/** @type {Record<string, string>} state -> colour */
const TONES = { talking: "chart-busy", ringing: "chart-ring", wrap_up: "chart-note", ready: "chart-good", break: "chart-warn" };

class Timeline {
  day = chosenDay();
  /** @type {Day | null} */
  data = null;
  fault = "";
  /** @type {number | null} the slice under the cursor */
  at = null;
  /** @type {Behind | null} */
  behind = null;
  /** @type {import("./plots.js").Drawn[]} */
  #drawn = [];
  #drawing = 0;

  /** @param {HTMLElement} main */
  constructor(main) {
    this.main = main;
  }

  start() {
    this.draw();
    void this.load();
    setInterval(() => !document.hidden && this.day === dayOf(serverNow()) && void this.load(), AGAIN_MS);
    new MutationObserver(() => this.#drawn.forEach(({ plot }) => plot.redraw(false))).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    new ResizeObserver(() => this.#drawn.forEach(({ plot, place }) => plot.setSize({ width: place.clientWidth, height: plot.height }))).observe(this.main);
  }

  async load() {
    const { day } = this;
    try {
      const found = await request("GET", `/api/v1/reports/timeline?day=${day}`);
      if (day !== this.day) return;
      this.data = found;
      this.fault = "";
    } catch (error) {
      this.fault = error instanceof ApiError ? error.message : String(error);
    }
    this.draw();
    await this.#plot();
  }

  /** @param {string} day */
  choose(day) {
    this.day = day;
    this.behind = null;
    this.at = null;
    history.replaceState(null, "", `?day=${day}`);
    this.draw();
    void this.load();
  }

  /** The calls of a slice, or of the whole day. @param {Which} which @param {number | null} slice */
  async open(which, slice) {
    const { data } = this;
    if (!data) return;
    const begin = Date.parse(data.begin);
    const step = data.slice_seconds * 1000;
    const [since, until] = slice === null ? [begin, Date.parse(data.end)] : [begin + slice * step, begin + (slice + 1) * step];
    const behind = (this.behind = /** @type {Behind} */ ({ which, since, until, rows: null, fault: "" }));
    this.draw();
    if (since >= until) return;
    const query = new URLSearchParams({ which, since: new Date(since).toISOString(), until: new Date(until).toISOString() });
    try {
      behind.rows = await request("GET", `/api/v1/reports/timeline/calls?${query}`);
    } catch (error) {
      behind.fault = error instanceof ApiError ? error.message : String(error);
    }
    this.draw();
    this.main.querySelector(".tl-behind")?.scrollIntoView({ block: "nearest" });
  }

  async #plot() {
    const { data } = this;
    const places = [...this.main.querySelectorAll(".tl-plot")].map((place) => /** @type {HTMLElement} */ (place));
    if (!data || places.length < 3) return;
    const turn = ++this.#drawing;
    const begin = Date.parse(data.begin) / 1000;
    const times = data.arrived.map((_, at) => begin + at * data.slice_seconds);
    const both = data.answered.map((count, at) => count + (data.missed[at] ?? 0));
    const heights = stacked(STATES.map((state) => data.agents[state] ?? []));
    /** @param {number | null} index */
    const hover = (index) => {
      if (index === this.at) return;
      this.at = index;
      this.draw();
    };
    const common = { times, begin, group: "day", hover };
    const [calls, waiting, agents] = places;
    if (!calls || !waiting || !agents) return;
    const drawn = await Promise.all([
      drawPlot(calls, {
        ...common, height: 230, most: 5, whole: true, pick: (slice) => void this.open("arrived", slice),
        series: [
          { values: both, tone: "chart-bad" },
          { values: data.answered, tone: "chart-good" },
          { values: data.arrived, tone: "ink", fill: false, kind: "outline" },
        ],
      }),
      drawPlot(waiting, {
        ...common, height: 130, most: LIMIT + 1, whole: true, limit: LIMIT, pick: (slice) => void this.open("waiting", slice),
        series: [{ values: data.waiting, tone: "chart-warn", kind: "steps" }],
      }),
      drawPlot(agents, {
        ...common, height: 210, most: 4, whole: true,
        series: STATES.map((state, at) => ({ values: heights[at] ?? [], tone: TONES[state] ?? "dim", kind: /** @type {const} */ ("steps") })).reverse(),
      }),
    ]);
    if (turn === this.#drawing) this.#drawn = drawn;
  }

  draw() {
    const { data, at } = this;
    /** @param {number[] | undefined} row */
    const now = (row) => (at === null || !row ? "" : html`<b>${row[at] ?? 0}</b>`);
    const from = data ? Date.parse(data.begin) : 0;
    const step = (data?.slice_seconds ?? 300) * 1000;
    const moment = at === null ? t("Point at a moment; a click opens its calls") : `${clockMinute(from + at * step)}–${clockMinute(from + (at + 1) * step)}`;
    render(
      html`
        <header class="list-head"><h1>${t("Timeline of the day")}</h1>${dayPicker(this.day, (day) => this.choose(day))}
          <p class="list-state" role="status">${data ? t("as of {time}", { time: clockTime(data.end) }) : ""}</p></header>
        ${this.fault ? html`<p class="notice" data-tone="bad" role="alert">${icon("warn")}${this.fault}
          <button class="link" type="button" @click=${() => this.load()}>${t("Try again")}</button></p>` : nothing}
        ${data ? this.#tiles(data) : nothing}
        <section class="tl-charts" aria-label=${t("Charts")}>
          <div class="tl-chart"><h2>${t("Calls and answers")}
            <span class="tl-key" data-tone="good">${t("Answered")}${now(data?.answered)}</span>
            <span class="tl-key" data-tone="bad">${t("Missed")}${now(data?.missed)}</span>
            <span class="tl-key tl-key-ink" data-shape="line">${t("Calls in")}${now(data?.arrived)}</span>
            <span class="tl-moment">${moment}</span></h2><div class="tl-plot" data-testid="plot-calls"></div></div>
          <div class="tl-chart"><h2>${t("Most waiting at once")}
            <span class="tl-key" data-tone="amber">${t("Callers waiting")}${now(data?.waiting)}</span>
            <span class="tl-key" data-tone="bad" data-shape="line">${t("Limit: fewer than {limit}", { limit: LIMIT })}</span></h2><div class="tl-plot" data-testid="plot-waiting"></div></div>
          <div class="tl-chart"><h2>${t("Agents by state")}
            ${STATES.map((state) => html`<span class="tl-key" data-state=${state}>${seatState(state)[0]}${now(data?.agents[state])}</span>`)}</h2>
            <div class="tl-plot" data-testid="plot-agents"></div></div>
        </section>
        ${this.behind ? this.#behind(this.behind) : nothing}
        ${data ? this.#people(data) : nothing}`,
      this.main,
    );
  }

  /** @param {Day} data */
  #tiles({ totals }) {
    /** @param {Which} which @param {string} word @param {number} value @param {string} tone @param {unknown} foot */
    const tile = (which, word, value, tone, foot = "") => html`<button class="tl-tile" type="button" data-tone=${tone || nothing} data-which=${which}
      @click=${() => this.open(which, null)}><span>${word}</span><strong>${value}</strong><small>${foot}</small></button>`;
    return html`<div class="tl-tiles">
      ${tile("arrived", t("Calls in"), totals.arrived, "", t("calls"))}
      ${tile("answered", t("Answered"), totals.answered, "good", t("by a person"))}
      ${tile("missed", t("Missed"), totals.missed, totals.missed ? "bad" : "good", t("each is called back"))}
      ${tile("waiting", t("Most waiting at once"), totals.waiting, totals.waiting >= LIMIT ? "bad" : "good", t("Limit: fewer than {limit}", { limit: LIMIT }))}
    </div>`;
  }

  /** @param {Day} data */
  #people({ people, begin }) {
    return html`<section class="tl-people" aria-labelledby="tl-people"><h2 id="tl-people">${t("Agents of the day")}</h2>
      ${people.length ? hours() : html`<p class="empty">${icon("none")}${t("Nobody has signed in on this day.")}</p>`}
      ${people.map(({ agent, name, answered, seconds, stretches }) => html`<a class="tl-person" data-agent=${agent} href=${`/agent-day?agent=${encodeURIComponent(agent)}&day=${this.day}`}>
        <span class="tl-person-name"><b>${name}</b><span>${agent}</span></span>
        ${band(stretches.map(([state, since, until, reason]) => ({ state, since, until, reason })), begin, t("States of {name}", { name }))}
        <span class="tl-person-figures"><span>${t("Answered")} <b>${answered}</b></span><span>${t("Talked")} <b>${spent(seconds.talking ?? 0)}</b></span></span></a>`)}
    </section>`;
  }

  /** @param {Behind} behind */
  #behind({ which, since, until, rows, fault }) {
    const words = { arrived: t("Calls in"), answered: t("Answered"), missed: t("Missed"), waiting: t("Callers waiting") };
    const whole = until - since > 3_600_000;
    return html`<section class="tl-behind" aria-labelledby="tl-behind">
      <h2 id="tl-behind">${whole ? this.day : `${clockMinute(since)}–${clockMinute(until)}`} · ${words[which]}${rows ? ` · ${rows.length}` : ""}
        <button class="link" type="button" @click=${() => { this.behind = null; this.draw(); }}>${t("Close")}</button></h2>
      ${whole ? nothing : html`<div class="views" role="group" aria-label=${t("Show")}>${/** @type {Which[]} */ (["arrived", "answered", "missed", "waiting"]).map(
        (one) => html`<button type="button" class="view" aria-pressed=${String(one === which)} @click=${() => this.open(one, Math.round((since - Date.parse(this.data?.begin ?? "")) / ((this.data?.slice_seconds ?? 300) * 1000)))}>${words[one]}</button>`)}</div>`}
      ${fault ? html`<p class="notice" data-tone="bad">${fault}</p>`
        : rows === null ? html`<p class="empty" aria-busy="true">${t("Loading…")}</p>`
        : rows.length ? callsTable(rows) : html`<p class="empty">${icon("none")}${t("No calls here.")}</p>`}
    </section>`;
  }
}

/** @param {import("../desk/work.js").Call[]} rows */
export const callsTable = (rows) => html`<div class="table-box behind" tabindex="0" role="region" aria-label=${t("Calls")}><table>
  <thead><tr>${[t("Time"), t("Caller"), t("Outcome"), t("Waited"), t("Talked"), t("Agent"), t("Rating"), t("Ticket")].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
  <tbody>${rows.map((call) => html`<tr data-call=${call.id}>
    <td data-label=${t("Time")}>${clockTime(call.started_at)}</td>
    <td data-label=${t("Caller")}><b class="number">${callerNumber(call.caller)}</b></td>
    <td data-label=${t("Outcome")}>${chip(outcome(call.outcome))}</td>
    <td data-label=${t("Waited")}>${duration(between(call.queued_at, call.answered_at ?? call.ended_at))}</td>
    <td data-label=${t("Talked")}>${duration(between(call.answered_at, call.ended_at))}</td>
    <td data-label=${t("Agent")}>${call.agent ?? "—"}</td>
    <td data-label=${t("Rating")}>${call.rating ?? "—"}</td>
    <td data-label=${t("Ticket")}>${call.ticket ? html`<a class="number" href=${`/tickets/${call.ticket}`}>${call.ticket}</a>` : "—"}</td></tr>`)}</tbody>
</table></div>`;

/** @param {HTMLElement} main */
export function startTimeline(main) {
  new Timeline(main).start();
}
