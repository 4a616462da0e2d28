// Choosing from many by typing a part of the name or the code: a combobox as WAI-ARIA describes it, for one or for several.
import { html, nothing } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { t } from "../core/i18n.js";
import { initials } from "../core/pinyin.js";

/** @typedef {{code: string, name: string, hint?: string}} Option */

/** Options shown at once; whoever needs more types more. */
const SHOWN = 60;

export class Picker {
  /** @type {Option[] | null} */
  #options = null;
  #fault = "";
  #typed = "";
  #open = false;
  #active = 0;
  /** @type {string[]} codes of what is chosen */
  chosen = [];

  /**
   * @param {{id: string, label: string, load: () => Promise<Option[]>, draw: () => void, changed: () => void, several?: boolean,
   *   required?: boolean}} about `changed` is called when the choice has changed
   */
  constructor(about) {
    this.about = about;
    void this.#load();
  }

  async #load() {
    try {
      this.#options = await this.about.load();
      this.#fault = "";
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
    }
    this.about.draw();
  }

  /** The name of a code; the code itself while nothing is known of it. @param {string} code */
  nameOf(code) {
    return this.#options?.find((option) => option.code === code)?.name ?? code;
  }

  /** Whether something is typed there that was never chosen. */
  get unfinished() {
    return Boolean(this.#typed.trim()) && (this.about.several || this.#typed !== this.nameOf(this.chosen[0] ?? ""));
  }

  #found() {
    const parts = this.#typed.toLowerCase().split(/\s+/).filter(Boolean);
    const one = this.chosen[0];
    // The name of what is chosen is no search.
    const all = !this.about.several && one && this.#typed === this.nameOf(one);
    return (this.#options ?? [])
      .filter(({ code }) => !this.about.several || !this.chosen.includes(code))
      .filter(({ code, name, hint = "" }) => all || parts.every((part) => `${name} ${code} ${hint} ${initials(name)}`.toLowerCase().includes(part)));
  }

  /** @param {string | undefined} fault what is wrong with the choice */
  view(fault) {
    const { id, label, several, required } = this.about;
    const found = this.#open ? this.#found() : [];
    const shown = found.slice(0, SHOWN);
    const active = shown[Math.min(this.#active, shown.length - 1)];
    const text = this.#open || several ? this.#typed : this.chosen[0] ? this.nameOf(this.chosen[0]) : this.#typed;
    return html`<div class="field picker" data-name=${id}>
      <label for=${id}><span>${label}${required ? html` <b class="needed" aria-hidden="true">*</b>` : nothing}</span></label>
      ${several && this.chosen.length
        ? html`<ul class="picked">${this.chosen.map((code) => html`<li class="chip" data-tone="busy">${this.nameOf(code)}<button type="button"
            aria-label=${t("Take away {name}", { name: this.nameOf(code) })} @click=${() => this.#drop(code)}>×</button></li>`)}</ul>`
        : nothing}
      <div class="picker-box">
        <input id=${id} role="combobox" type="text" autocomplete="off" spellcheck="false" aria-expanded=${String(this.#open)} aria-controls="${id}-list"
          aria-autocomplete="list" aria-activedescendant=${this.#open && active ? `${id}-${active.code}` : nothing} aria-required=${String(Boolean(required))}
          aria-invalid=${String(Boolean(fault))} aria-describedby="${id}-fault" placeholder=${t("Type a part of the name")} .value=${live(text)}
          @focus=${this.#focused} @click=${this.#show} @input=${this.#input} @keydown=${this.#key} @blur=${this.#left}>
        ${!several && this.chosen.length
          ? html`<button class="picker-clear" type="button" aria-label=${t("Clear {name}", { name: label })} @click=${() => this.#clear()}>×</button>`
          : nothing}
        <ul class="picker-list" id="${id}-list" role="listbox" aria-label=${label} ?hidden=${!this.#open} @mousedown=${(/** @type {Event} */ event) => event.preventDefault()}>
          ${shown.map((option) => html`<li id="${id}-${option.code}" role="option" aria-selected=${String(option === active)} @click=${() => this.#choose(option)}>
            <span>${option.name}</span>${option.hint ? html`<small>${option.hint}</small>` : nothing}</li>`)}
          ${this.#open && !shown.length ? html`<li class="picker-none" role="option" aria-disabled="true" aria-selected="false">${this.#fault || (this.#options ? t("Nothing is called so.") : t("Loading…"))}</li>` : nothing}
          ${found.length > SHOWN ? html`<li class="picker-none" role="option" aria-disabled="true" aria-selected="false">${t("{count} more: type on", { count: found.length - SHOWN })}</li>` : nothing}
        </ul>
      </div>
      <small class="fault" id="${id}-fault">${fault ?? ""}</small>
    </div>`;
  }

  #show = () => {
    if (this.#open) return;
    this.#open = true;
    this.#active = 0;
    if (!this.about.several && this.chosen[0]) this.#typed = this.nameOf(this.chosen[0]);
    if (this.#fault) void this.#load();
    this.about.draw();
  };

  /** @param {FocusEvent} event */
  #focused = (event) => /** @type {HTMLInputElement} */ (event.target).select();

  #left = () => {
    this.#open = false;
    // What was typed and never chosen stays to be seen where several may be chosen; a single choice shows what it is.
    if (!this.about.several && this.chosen.length) this.#typed = this.nameOf(this.chosen[0] ?? "");
    this.about.draw();
  };

  /** @param {InputEvent} event */
  #input = (event) => {
    this.#typed = /** @type {HTMLInputElement} */ (event.target).value;
    this.#open = true;
    this.#active = 0;
    this.about.draw();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    const shown = this.#open ? this.#found().slice(0, SHOWN) : [];
    const to = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (to) {
      event.preventDefault();
      if (!this.#open) return this.#show();
      this.#active = Math.max(0, Math.min(shown.length - 1, this.#active + to));
      this.about.draw();
      document.getElementById(`${this.about.id}-${shown[this.#active]?.code}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && this.#open && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const option = shown[this.#active];
      if (option) this.#choose(option);
    } else if (event.key === "Escape" && this.#open) {
      event.stopPropagation();
      this.#left();
    } else if (event.key === "Backspace" && this.about.several && !this.#typed && this.chosen.length) {
      this.#drop(this.chosen[this.chosen.length - 1] ?? "");
    }
    return undefined;
  };

  /** @param {Option} option */
  #choose({ code, name }) {
    this.chosen = this.about.several ? [...this.chosen, code] : [code];
    this.#typed = this.about.several ? "" : name;
    this.#active = 0;
    this.#open = false;
    this.about.changed();
    this.about.draw();
  }

  /** @param {string} code */
  #drop(code) {
    this.chosen = this.chosen.filter((one) => one !== code);
    this.about.changed();
    this.about.draw();
    document.getElementById(this.about.id)?.focus();
  }

  #clear() {
    this.chosen = [];
    this.#typed = "";
    this.about.changed();
    this.about.draw();
    document.getElementById(this.about.id)?.focus();
  }
}
