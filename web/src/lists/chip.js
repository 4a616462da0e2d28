import { html } from "lit-html";

/**
 * A word in the colour of its meaning.
 * @param {import("../core/words.js").Word} word
 */
export const chip = ([word, tone]) => html`<span class="chip" data-tone=${tone}>${word}</span>`;
