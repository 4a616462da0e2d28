// Charts over the time of one day, drawn by uPlot, which is fetched when the first chart is.
/** @typedef {import("uplot")} Plot */
/** @typedef {{plot: Plot, place: HTMLElement}} Drawn */
/** @typedef {{values: (number | null)[], tone: string, fill?: boolean, kind?: "bars" | "steps" | "outline"}} Series from the back to the front */

/** @param {string} name of a colour in tokens.css */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/**
 * A chart whose colours and width follow the page; the cursors of all charts with the same `group` move together.
 * @param {HTMLElement} place
 * @param {{times: number[], begin: number, height: number, series: Series[], most: number, limit?: number, group: string, whole: boolean,
 *   hover: (index: number | null) => void, pick?: (index: number) => void}} wanted times and begin in seconds
 * @returns {Promise<Drawn>}
 */
export async function draw(place, { times, begin, height, series, most, limit, group, whole, hover, pick }) {
  const { default: UPlot } = await import("uplot");
  const zone = document.documentElement.dataset.zone || "Asia/Shanghai";
  const paths = {
    bars: UPlot.paths.bars?.({ size: [0.86, 40], align: 1 }),
    steps: UPlot.paths.stepped?.({ align: 1 }),
    outline: UPlot.paths.stepped?.({ align: 1 }),
  };
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: () => colour("ink-2"), grid: { stroke: () => colour("line"), width: 1 }, ticks: { show: false }, font };
  /** @type {import("uplot").Options} */
  const options = {
    width: place.clientWidth || 600,
    height,
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), zone),
    scales: { x: { range: () => [begin, begin + 86_400] }, y: { range: (_, _low, high) => [0, Math.max(most, Math.ceil((high ?? 0) * 1.08))] } },
    legend: { show: false },
    cursor: { sync: { key: group }, drag: { x: false, y: false }, points: { show: false }, y: false },
    axes: [
      { ...axis, space: 60, values: (_, ticks) => ticks.map((at) => UPlot.fmtDate("{HH}:{mm}")(UPlot.tzDate(new Date(at * 1000), zone))) },
      { ...axis, size: 44, incrs: whole ? [1, 2, 5, 10, 20, 50, 100, 200, 500] : [1, 2, 5, 10, 20, 50] },
    ],
    series: [
      {},
      ...series.map(({ tone, fill = true, kind = "bars" }) => ({
        stroke: () => colour(tone),
        width: kind === "outline" ? 1.5 : kind === "bars" ? 0 : 1,
        ...(fill ? { fill: () => colour(tone) } : {}),
        points: { show: false },
        ...(paths[kind] ? { paths: /** @type {any} */ (paths[kind]) } : {}),
      })),
    ],
    hooks: {
      setCursor: [(plot) => hover(plot.cursor.idx ?? null)],
      draw: [(plot) => limitLine(plot, limit)],
    },
  };
  place.replaceChildren();
  const plot = new UPlot(options, [times, ...series.map(({ values }) => values)], place);
  if (pick) plot.over.addEventListener("click", () => typeof plot.cursor.idx === "number" && pick(plot.cursor.idx));
  return { plot, place };
}

/** The number that must never be reached. @param {Plot} plot @param {number} [limit] */
function limitLine(plot, limit) {
  if (limit === undefined) return;
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(limit, "y", true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = colour("bad");
  ctx.lineWidth = 2;
  ctx.setLineDash([8, 6]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** Series on each other's shoulders: the last of `rows` on top. @param {number[][]} rows @returns {number[][]} sums, in the same order */
export function stacked(rows) {
  const sums = /** @type {number[]} */ ([]);
  return rows.map((row) => row.map((value, at) => (sums[at] = (sums[at] ?? 0) + value)));
}
