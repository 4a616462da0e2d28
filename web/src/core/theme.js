// The switch between dark, light and the system's choice; theme.js applies the stored choice before the first paint.
const root = document.documentElement;
const key = root.dataset.page === "wallboard" ? "theme.wallboard" : "theme";
const light = matchMedia("(prefers-color-scheme: light)");
const order = /** @type {const} */ (["dark", "light", "auto"]);

/** @typedef {"dark" | "light" | "auto"} Theme */

/** @returns {Theme} what the person chose */
export const chosenTheme = () => /** @type {Theme} */ (root.dataset.themeChoice ?? "auto");

function apply() {
  const chosen = chosenTheme();
  root.dataset.theme = chosen === "auto" ? (light.matches ? "light" : "dark") : chosen;
}

/** Go on to the next of dark, light, auto, and keep it for this browser. */
export function nextTheme() {
  root.dataset.themeChoice = order[(order.indexOf(chosenTheme()) + 1) % order.length];
  try {
    localStorage.setItem(key, chosenTheme());
  } catch {
    // Storage is switched off: the choice lasts for this page.
  }
  apply();
}

light.addEventListener("change", apply);
