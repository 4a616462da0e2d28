// What has changed in a text, sign by sign: Chinese has no spaces to compare words by.
import { html } from "lit-html";

/** Signs on both sides together beyond which only the changed middle is shown as a whole. */
const MOST = 400_000;

/**
 * @param {string} before
 * @param {string} after
 * @returns {[kind: "same" | "gone" | "new", text: string][]}
 */
export function difference(before, after) {
  // By code point, so that no sign is cut in two.
  const [a, b] = [[...before], [...after]];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const [left, right] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  /** @type {[kind: "same" | "gone" | "new", text: string][]} */
  const parts = [["same", a.slice(0, head).join("")]];
  parts.push(...(left.length * right.length > MOST ? whole(left, right) : middle(left, right)));
  parts.push(["same", tail ? a.slice(-tail).join("") : ""]);
  return joined(parts);
}

/** @param {string[]} left @param {string[]} right @returns {["gone" | "new", string][]} */
const whole = (left, right) => [["gone", left.join("")], ["new", right.join("")]];

/**
 * The longest common subsequence, then the way back through it.
 * @param {string[]} left @param {string[]} right
 */
function middle(left, right) {
  const width = right.length + 1;
  const longest = new Uint16Array((left.length + 1) * width);
  const at = (/** @type {number} */ row, /** @type {number} */ column) => longest[row * width + column] ?? 0;
  for (let row = left.length - 1; row >= 0; row -= 1) {
    for (let column = right.length - 1; column >= 0; column -= 1) {
      longest[row * width + column] = left[row] === right[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  /** @type {["same" | "gone" | "new", string][]} */
  const parts = [];
  let [row, column] = [0, 0];
  while (row < left.length || column < right.length) {
    if (row < left.length && column < right.length && left[row] === right[column]) {
      parts.push(["same", left[row] ?? ""]);
      row += 1;
      column += 1;
    } else if (column >= right.length || (row < left.length && at(row + 1, column) >= at(row, column + 1))) {
      parts.push(["gone", left[row] ?? ""]);
      row += 1;
    } else {
      parts.push(["new", right[column] ?? ""]);
      column += 1;
    }
  }
  return parts;
}

/** Neighbours of one kind become one part. @param {["same" | "gone" | "new", string][]} parts */
function joined(parts) {
  /** @type {["same" | "gone" | "new", string][]} */
  const result = [];
  for (const [kind, text] of parts) {
    const last = result[result.length - 1];
    if (!text) continue;
    if (last?.[0] === kind) last[1] += text;
    else result.push([kind, text]);
  }
  return result;
}

/** @param {string} before @param {string} after */
export const diffView = (before, after) => html`<p class="diff">${difference(before, after).map(([kind, text]) =>
  kind === "gone" ? html`<del>${text}</del>` : kind === "new" ? html`<ins>${text}</ins>` : html`<span>${text}</span>`)}</p>`;
