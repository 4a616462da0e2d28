// What a test dial found wrong, which the server keeps in English, in the page's language.
import { t } from "./i18n.js";

/** @typedef {[pattern: RegExp, words: (...found: string[]) => string]} Translation */

/** @type {Translation[]} */
const FAULTS = [
  [/^the call did not arrive from the test dials' number\b.*$/, () => t("The call did not arrive from the test number.")],
  [/^there is no record of the call\b.*$/, () => t("There is no record of the call.")],
  [/^the line refused the call\b.*$/, () => t("The line refused the call or ended it before the greeting.")],
  [/^no greeting within ([\d.]+) s$/, (seconds = "") => t("No greeting within {seconds} s.", { seconds })],
  [
    /^the greeting came after ([\d.]+) s, not within ([\d.]+) s$/,
    (after = "", within = "") => t("The greeting came after {after} s, not within {within} s.", { after, within }),
  ],
  [/^(\d+) callers were waiting$/, (count = "") => t("{count} callers were waiting.", { count })],
  [
    /^nobody answered within ([\d.]+) s although an agent was free$/,
    (seconds = "") => t("Nobody answered within {seconds} s although an agent was free.", { seconds }),
  ],
  [/^the call ended before it reached the queue$/, () => t("The call ended before it reached the queue.")],
  [/^not dialled: a citizen was waiting$/, () => t("Not dialled: a citizen was waiting.")],
  [/^it gave up its place to a citizen$/, () => t("It gave up its place to a citizen.")],
  [/^it could not be ordered: (.*)$/, (why = "") => t("It could not be ordered: {why}", { why })],
  [/^no agent was there$/, () => t("No agent was there.")],
  [/^no agent was free$/, () => t("No agent was free.")],
];

/**
 * @param {string | null | undefined} detail faults, with semicolons between them; one that is not known stands for itself
 */
export const testFaults = (detail) =>
  (detail ?? "")
    .split("; ")
    .map((fault) => {
      for (const [pattern, words] of FAULTS) {
        const found = pattern.exec(fault);
        if (found) return words(...found.slice(1));
      }
      return fault;
    })
    .join(" ");
