// A conversation as a picture: the agent above, the citizen below, what has been heard in stronger colours.

/** @typedef {{seconds: number, agent: number[], citizen: number[]}} Shape loudness 0 to 255 over the time */

/** Quiet speech is seen too: the ear hears loudness in steps of power. @param {number} loudness */
const tall = (loudness) => Math.sqrt(loudness / 255);

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Shape} shape
 * @param {{at: number, hover: number | null}} where share of the time that was heard, and where the mouse is
 */
export function drawWaveform(canvas, shape, { at, hover }) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const lane = height / 2;
  for (const [loudness, tone, top] of /** @type {const} */ ([[shape.agent, "--busy", 0], [shape.citizen, "--note", lane]])) {
    const middle = top + lane / 2;
    context.fillStyle = colour("--line");
    context.fillRect(0, Math.round(middle), width, 1);
    // Bars of two pixels with one between them: a line for each sample would be a smear.
    const bars = Math.max(Math.floor(width / 3), 1);
    context.fillStyle = colour(tone);
    for (let bar = 0; bar < bars; bar += 1) {
      const from = Math.floor((bar * loudness.length) / bars);
      const to = Math.max(Math.floor(((bar + 1) * loudness.length) / bars), from + 1);
      const loudest = Math.max(0, ...loudness.slice(from, to));
      const tallness = Math.max(tall(loudest) * (lane - 10), 1);
      context.globalAlpha = bar / bars < at ? 1 : 0.45;
      context.fillRect(bar * 3, middle - tallness / 2, 2, tallness);
    }
    context.globalAlpha = 1;
  }
  if (hover !== null) {
    context.fillStyle = colour("--ink-3");
    context.fillRect(Math.round(hover * width), 0, 1, height);
  }
  context.fillStyle = colour("--ink");
  context.fillRect(Math.min(Math.round(at * width), width - 2), 0, 2, height);
}
