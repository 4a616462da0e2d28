// Runs before the first paint. The wallboard is dark unless somebody chose otherwise; every other page follows the system.
// A screen without a mouse is set by its address: /wallboard?theme=light.
{
  const root = document.documentElement;
  const key = root.dataset.page === "wallboard" ? "theme.wallboard" : "theme";
  const asked = new URLSearchParams(location.search).get("theme");
  let chosen = null;
  try {
    if (asked === "dark" || asked === "light" || asked === "auto") localStorage.setItem(key, asked);
    chosen = localStorage.getItem(key);
  } catch {
    chosen = asked; // storage is switched off: the choice lasts for this page
  }
  chosen ??= root.dataset.page === "wallboard" ? "dark" : "auto";
  root.dataset.themeChoice = chosen;
  root.dataset.theme =
    chosen === "auto" ? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark") : chosen;
}
