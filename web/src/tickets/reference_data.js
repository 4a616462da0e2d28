// Units, categories and places, as they are chosen from; asked for once a page.
import { request } from "../core/api.js";

/** @typedef {{code: string, name: string, active?: boolean, phone?: string | null, email?: string | null, terms?: Record<string, number>}} Unit */
/** @typedef {{code: string, name: string, parent?: string | null, path?: string, version?: number, rank?: number, unit?: {code: string, name: string} | string | null,
 *   until?: string | null, active?: boolean}} Node */

/** @type {Map<string, Promise<any[]>>} */
const asked = new Map();

/** @param {string} path @returns {Promise<any[]>} */
function once(path) {
  let answer = asked.get(path);
  if (!answer) {
    answer = request("GET", path).then(listed);
    // What could not be had is asked for again.
    answer.catch(() => asked.delete(path));
    asked.set(path, answer);
  }
  return answer;
}

/** A listing may stand alone, or be told with what lies around it. @param {any} answer @returns {any[]} */
export const listed = (answer) => (Array.isArray(answer) ? answer : answer?.rows ?? []);

/** @returns {Promise<import("./picker.js").Option[]>} */
export const units = async () => (await once("/api/v1/units")).filter(({ active }) => active !== false).map(({ code, name }) => ({ code, name }));

/** Units that have a duty telephone. @returns {Promise<{code: string, name: string, phone: string}[]>} */
export const telephones = async () => (await once("/api/v1/units")).filter(({ active, phone }) => active !== false && phone);

/** The tree flat, each with the path to it. @param {string} path */
async function tree(path) {
  /** @type {Node[]} */
  const nodes = (await once(path)).filter((/** @type {Node} */ node) => node.active !== false && !node.until);
  const byCode = new Map(nodes.map((node) => [node.code, node]));
  return ordered(nodes).map((node) => {
    const above = [];
    for (let at = byCode.get(node.parent ?? ""); at && above.length < 9; at = byCode.get(at.parent ?? "")) above.unshift(at.name);
    return { code: node.code, name: node.name, hint: above.join(" / ") };
  });
}

/** Each node before those below it. @param {Node[]} nodes @param {string | null} [above] @param {number} [depth] @returns {Node[]} */
export function ordered(nodes, above = null, depth = 0) {
  if (depth > 9) return [];
  const codes = new Set(nodes.map(({ code }) => code));
  return nodes
    .filter(({ parent }) => (above === null ? !parent || !codes.has(parent) : parent === above))
    .sort((one, other) => (one.rank ?? 0) - (other.rank ?? 0))
    .flatMap((node) => [node, ...ordered(nodes, node.code, depth + 1)]);
}

export const categories = () => tree("/api/v1/categories");
export const places = () => tree("/api/v1/places");
