// Words of the page's language. English sentences are the keys; the server hands over the catalogue of the chosen language.

/** @type {Record<string, string>} */
let catalogue = {};

/** The page's language as Babel names it: "zh_CN" or "en". */
export const language = document.documentElement.dataset.lang ?? "zh_CN";

/** The same as browsers name it, for Intl. */
export const locale = language.replace("_", "-");

/** Read the catalogue: from the page when it is embedded, else from the server. Without one the page speaks English. */
export async function loadCatalogue() {
  const embedded = document.getElementById("i18n")?.textContent?.trim();
  try {
    catalogue = embedded ? JSON.parse(embedded) : await (await fetch(`/i18n/${language}.json`)).json();
  } catch (error) {
    console.warn("no catalogue for", language, error);
  }
}

/**
 * The sentence in the page's language, with {name} replaced by values.name.
 * @param {string} message the English sentence, literally in the call so that it is extracted
 * @param {Record<string, string | number>} [values]
 */
export function t(message, values) {
  const sentence = catalogue[message] || message;
  return values ? sentence.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole)) : sentence;
}
