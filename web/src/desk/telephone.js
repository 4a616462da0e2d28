// The desk's own part of the phone in the browser: fetches it when the agent sits down, and hands it keys and news.
import { html, nothing } from "lit-html";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { live } from "../core/live.js";

/** @typedef {import("../core/live.js").Seat} Seat */
/** @typedef {import("../phone/phone.js").Phone} Phone */

/** Where the number lies that was dialled last in this window. */
export const LAST = "desk-dialled";
const IDLE = ["ready", "break", "wrap_up"];

/** Whether this browser can be a phone at all; without it a seat needs a phone of its own. */
export const canTelephone = Boolean(window.RTCPeerConnection);

export class Telephone {
  /** @type {Phone | null} null until an agent sits at a seat */
  phone = null;
  /**
   * Calls a number that was called before, through the server; whoever can dial sets it.
   * @type {((number: string) => void) | null}
   */
  redial = null;
  /** @type {typeof import("../phone/index.js") | null} */
  #view = null;
  #wanted = false;
  /** @type {Seat | undefined} */
  #seat;
  /** @type {Element | null} what had the keyboard before the keypad */
  #before = null;

  /** @param {() => void} draw @param {HTMLElement} root */
  constructor(draw, root) {
    this.draw = draw;
    this.root = root;
  }

  /** The number that can be dialled again now; "" for none. @param {Seat | undefined} seat */
  last(seat) {
    return this.redial && !this.phone?.call && IDLE.includes(seat?.state ?? "") ? sessionStorage.getItem(LAST) ?? "" : "";
  }

  /** Whether a call rings here. */
  get rings() {
    return this.phone?.call?.state === "ringing";
  }

  /** Before each drawing. @param {Seat | undefined} seat */
  look(seat) {
    this.#seat = seat;
    if (live.link !== "live") return;
    if (!seat) return void this.phone?.stop();
    if (this.phone) {
      void this.phone.start(seat.seat);
      this.phone.hear(live.floor);
    } else if (!this.#wanted) {
      this.#wanted = true;
      void this.#fetch();
    }
  }

  async #fetch() {
    const part = await import("../phone/index.js");
    this.#view = part;
    this.phone = new part.Phone(this.draw);
    part.moveLevels(this.phone, this.root);
    this.draw();
  }

  /** After each drawing. */
  drawn() {
    const dialog = this.root.querySelector("dialog.tel-settings");
    if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
    const pad = this.root.querySelector(".tel-pad");
    if (pad && !this.#before) {
      this.#before = document.activeElement;
      /** @type {HTMLElement | null} */ (pad.querySelector("button"))?.focus();
    } else if (!pad && this.#before) {
      if (this.#before instanceof HTMLElement) this.#before.focus();
      this.#before = null;
    }
  }

  /** @param {Seat} seat */
  badge(seat) {
    if (this.phone && this.#view) return this.#view.badge(this.phone, seat);
    return html`<span class="me-phone" data-tone=${seat.phone ? "good" : "bad"}>${icon(seat.phone ? "phone" : "unplugged")}${seat.phone ? t("Phone online") : t("Phone offline")}</span>`;
  }

  /** @param {Seat} seat */
  panel(seat) {
    const last = this.last(seat);
    return html`${this.phone && this.#view ? this.#view.panel(this.phone, seat) : nothing}
      ${last
        ? html`<button class="button tel-redial" type="button" aria-keyshortcuts="Alt+R" @click=${() => this.redial?.(last)}>${icon("phone")}<span>${t("Redial {number}", { number: last })}</span><kbd>Alt+R</kbd></button>`
        : nothing}`;
  }

  /** @param {KeyboardEvent} event @returns whether the key was the phone's */
  key(event) {
    const { phone } = this;
    const last = this.last(this.#seat);
    if (event.altKey && event.code === "KeyR" && !event.ctrlKey && last) {
      event.preventDefault();
      this.redial?.(last);
      return true;
    }
    if (!phone) return false;
    if (event.altKey && event.code === "KeyP" && !event.ctrlKey) void phone.openSettings();
    else if (event.ctrlKey || event.altKey || event.metaKey || !this.#keyOfCall(phone, event)) return false;
    event.preventDefault();
    return true;
  }

  /** @param {Phone} phone @param {KeyboardEvent} event */
  #keyOfCall(phone, { key, target }) {
    const { call } = phone;
    if (!call) return false;
    if (call.state === "ringing") return key === "F2" && (void phone.answer(), true);
    if (key === "F8") return phone.hangUp(), true;
    if (call.state !== "talking") return false;
    if (key === "F10") return phone.toggleMute(), true;
    if (key === "F9" || (key === "Escape" && phone.keypad)) return phone.toggleKeypad(), true;
    const typing = target instanceof Element && target.matches("input, textarea, select");
    if (phone.keypad && !typing && /^[0-9*#]$/.test(key)) return call.key(key), true;
    return false;
  }
}
