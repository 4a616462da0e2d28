// Words of the page's language. English sentences are the keys; the server hands over the catalogue of the chosen language.

/** @type {Record<string, string>} the page brings its catalogue with it; without one it speaks English */
const catalogue = JSON.parse(document.getElementById("i18n")?.textContent || "{}");

/** The page's language as Babel names it: "zh_CN" or "en". */
export const language = document.documentElement.dataset.lang ?? "zh_CN";

/** The same as browsers name it, for Intl. */
export const locale = language.replace("_", "-");


/**
 * The sentence in the page's language, with {name} replaced by values.name.
 * @param {string} message the English sentence, literally in the call so that it is extracted
 * @param {Record<string, string | number>} [values]
 */
export function t(message, values) {
  const sentence = catalogue[message] || message;
  return values ? sentence.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole)) : sentence;
}
