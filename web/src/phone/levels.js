// Moves the level bars, twelve times a second, past the templates: a drawing of the whole desk for each would cost too much.

const EVERY_MS = 80;

/** @param {import("./phone.js").Phone} phone @param {HTMLElement} root */
export function moveLevels(phone, root) {
  setInterval(() => {
    if (!phone.call && !phone.settings) return;
    const levels = { mic: phone.call?.muted ? 0 : phone.microphone.level, ear: phone.loudspeaker.level };
    for (const bar of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-level]"))) {
      bar.style.setProperty("--level", levels[/** @type {"mic" | "ear"} */ (bar.dataset.level)].toFixed(2));
    }
  }, EVERY_MS);
}
