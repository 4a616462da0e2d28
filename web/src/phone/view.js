// What the agent sees of the phone: a word beside the seat, the keys of a call, what is wrong, and the settings.
import { html, nothing } from "lit-html";
import { t } from "../core/i18n.js";
import { icon } from "../core/icons.js";
import { POOR } from "./quality.js";
import { silenced } from "./sound.js";
import { wordsOf } from "./trouble.js";

/** @typedef {import("./phone.js").Phone} Phone */
/** @typedef {import("../core/live.js").Seat} Seat */

const KEYS = [..."123456789*0#"];
const httpsPort = document.documentElement.dataset.httpsPort ?? "8443";

/** Whether a SIP phone at the seat takes the calls, so that nothing depends on the browser. @param {Seat} seat */
const otherPhone = (seat) => seat.phone && seat.phone_kind !== "browser";

/** @param {Phone} phone @param {Seat} seat */
export function badge(phone, seat) {
  const [words, tone, shape] = badgeWords(phone, seat);
  return html`<span class="me-phone" data-tone=${tone}>${icon(shape)}<span>${words}</span></span>
    <button class="tel-gear" type="button" title=${t("Phone settings")} aria-label=${t("Phone settings")} aria-keyshortcuts="Alt+P"
      @click=${() => void phone.openSettings()}>${icon("headset")}</button>`;
}

/** @param {Phone} phone @param {Seat} seat @returns {[string, string, "phone" | "unplugged" | "warn"]} */
function badgeWords(phone, seat) {
  if (otherPhone(seat)) return [t("Phone online"), "good", "phone"];
  if (phone.trouble) return [t("Phone offline"), "bad", "unplugged"];
  if (phone.state === "ready") return [t("Browser phone ready"), "good", "phone"];
  if (phone.state === "lost") return [t("Finding the line again…"), "warn", "warn"];
  return [phone.state === "off" ? t("Phone offline") : t("Phone connects…"), "dim", "phone"];
}

/** @param {Phone} phone @param {Seat} seat */
export function panel(phone, seat) {
  const { call } = phone;
  return html`
    ${phone.trouble && !otherPhone(seat) ? troubleCard(phone) : nothing}
    ${phone.clock ? html`<p class="notice" data-tone="warn">${icon("warn")}${phone.clock}</p>` : nothing}
    ${phone.told ? html`<p class="notice tel-told" data-tone="note" role="status">${icon("headset")}${phone.told}</p>` : nothing}
    ${!phone.trouble && phone.state === "ready" && silenced()
      ? html`<p class="notice" data-tone="warn">${icon("bell")}${t("The browser keeps this page silent until you click it once: click anywhere, so that you hear the ring.")}</p>`
      : nothing}
    ${call ? callCard(phone, call) : nothing}
    ${phone.settings ? settings(phone) : nothing}
  `;
}

/** @param {Phone} phone */
function troubleCard(phone) {
  if (!phone.trouble) return nothing;
  const { title, advice, mends, tone } = wordsOf(phone.trouble);
  const buttons = {
    retry: () => html`<button class="button small" type="button" @click=${() => void phone.connect()}>${t("Try again")}</button>`,
    take_over: () => html`<button class="button small primary" type="button" @click=${() => void phone.connect(true)}>${t("Take calls here")}</button>`,
    stand_back: () => html`<button class="button small" type="button" @click=${() => phone.standBack()}>${t("Leave them there")}</button>`,
    https: () => html`<a class="button small primary" href="https://${location.hostname}:${httpsPort}${location.pathname}">${t("Open the secure address")}</a>`,
    certificate: () => (phone.line?.address ? html`<a class="button small" href=${phone.line.address} target="_blank" rel="noopener">${phone.line.address}</a>` : nothing),
  };
  return html`<section class="tel-trouble" data-tone=${tone} role="alert" data-testid="phone-trouble" data-kind=${phone.trouble.kind}>
    <h3>${icon(tone === "bad" ? "unplugged" : "phone")}${title}</h3>
    <p>${advice}</p>
    ${mends.length ? html`<div class="buttons">${mends.map((mend) => buttons[mend]())}</div>` : nothing}
  </section>`;
}

/** @param {Phone} phone @param {import("./call.js").Call} call */
function callCard(phone, call) {
  if (call.state === "ringing") {
    return html`<section class="tel-call" data-state="ringing" data-testid="phone-call">
      <button class="button tel-answer" type="button" aria-keyshortcuts="F2" @click=${() => void phone.answer()}>${icon("phone")}<span>${t("Pick up")}</span><kbd>F2</kbd></button>
    </section>`;
  }
  const poor = call.score !== null && call.score < POOR;
  return html`<section class="tel-call" data-state=${call.state} data-testid="phone-call">
    ${call.about.test
      ? html`<p class="tel-test">${icon("headset")}<span><b>${t("Test call")}</b> ${t("Speak: you should hear yourself, and both bars should move.")}</span></p>`
      : nothing}
    ${call.state === "calling" ? html`<p class="hint" role="status">${t("Calling…")}</p>` : nothing}
    ${call.media === "lost"
      ? html`<p class="notice" data-tone="warn" role="alert">${icon("warn")}${t("The network is gone; the call is held and speech comes back by itself. Do not hang up.")}</p>`
      : phone.state === "lost"
        ? html`<p class="notice" data-tone="warn" role="alert">${icon("warn")}${t("The line to the server is being found again; you can go on talking.")}</p>`
        : poor
          ? html`<p class="notice" data-tone="warn" role="status">${icon("warn")}${t("The network is poor now; the citizen may hear you badly.")}</p>`
          : nothing}
    <div class="tel-levels">
      ${level("mic", call.muted ? t("Muted") : t("You"), call.muted)}${level("ear", t("Other side"), false)}
    </div>
    <div class="tel-keys">
      <button class="button" type="button" aria-pressed=${String(call.muted)} data-tone=${call.muted ? "warn" : nothing} aria-keyshortcuts="F10"
        @click=${() => phone.toggleMute()}>${icon(call.muted ? "mic_off" : "mic")}<span>${call.muted ? t("Unmute") : t("Mute")}</span><kbd>F10</kbd></button>
      <button class="button" type="button" aria-expanded=${String(phone.keypad)} aria-keyshortcuts="F9" @click=${() => phone.toggleKeypad()}>${icon("keypad")}<span>${t("Keypad")}</span><kbd>F9</kbd></button>
      <button class="button danger" type="button" aria-keyshortcuts="F8" @click=${() => phone.hangUp()}>${icon("hang_up")}<span>${t("Hang up")}</span><kbd>F8</kbd></button>
    </div>
    ${phone.keypad
      ? html`<div class="tel-pad" role="group" aria-label=${t("Keypad")}>
          <output aria-live="polite">${call.keyed || t("Type digits; Esc closes")}</output>
          ${KEYS.map((key) => html`<button class="button" type="button" data-key=${key} @click=${() => call.key(key)}>${key}</button>`)}
        </div>`
      : nothing}
  </section>`;
}

/** A bar that `levels.js` moves. @param {"mic" | "ear"} which @param {string} words @param {boolean} off */
const level = (which, words, off) => html`<span class="tel-level" data-off=${String(off)}><small>${words}</small><i data-level=${which}></i></span>`;

/** @param {Phone} phone */
function settings(phone) {
  const { devices, ringer, call } = phone;
  const quality = call?.score ? `${call.score.toFixed(1)} / 4.4` : "";
  return html`<dialog class="tel-settings" aria-labelledby="tel-title" @close=${() => phone.settings && phone.closeSettings()}>
    <header><h2 id="tel-title">${icon("headset")}${t("Phone settings")}</h2>
      <button class="button small quiet" type="button" aria-keyshortcuts="Escape" @click=${() => phone.closeSettings()}>${t("Close")}<kbd>Esc</kbd></button></header>
    <div class="tel-grid">
      ${picker(phone, "input", t("Microphone"))}
      <div class="tel-levels">${level("mic", t("Speak to see it move"), false)}</div>
      ${picker(phone, "output", t("Headset or loudspeaker"))}
      ${picker(phone, "ring", t("The ring is heard on"))}
      <label><span>${t("Loudness of the ring")}</span>
        <span class="tel-ring"><input type="range" min="0" max="1" step="0.05" .value=${String(ringer.volume)} @input=${(/** @type {Event} */ event) => { ringer.volume = Number(/** @type {HTMLInputElement} */ (event.target).value); }}>
          <button class="button small" type="button" @click=${() => phone.tryRing()}>${ringer.rings ? t("Stop") : t("Try it")}</button></span></label>
    </div>
    <div class="buttons">
      <button class="button primary" type="button" ?disabled=${phone.state !== "ready" || Boolean(call)} @click=${() => { phone.closeSettings(); void phone.testCall(); }}>${icon("phone")}${t("Test call")}</button>
      ${window.Notification && Notification.permission === "default"
        ? html`<button class="button" type="button" @click=${() => void Notification.requestPermission().then(phone.draw)}>${icon("bell")}${t("Tell me of calls when this window is hidden")}</button>`
        : nothing}
    </div>
    ${window.Notification?.permission === "denied" ? html`<p class="hint">${t("Notifications are blocked for this page; the ring and the window's title still tell of calls.")}</p>` : nothing}
    ${quality ? html`<p class="hint">${t("Quality of the line now")}: ${quality}</p>` : nothing}
    ${devices.missing("input") ? html`<p class="hint">${t("“{device}” is unplugged; the next best device is used until it is back.", { device: devices.missing("input") })}</p>` : nothing}
  </dialog>`;
}

/** @param {Phone} phone @param {import("./devices.js").Use} use @param {string} words */
function picker(phone, use, words) {
  const chosen = phone.devices.id(use);
  return html`<label><span>${words}</span>
    <select @change=${(/** @type {Event} */ event) => void phone.choose(use, /** @type {HTMLSelectElement} */ (event.target).value)}>
      <option value="" ?selected=${!chosen}>${t("As the system")}</option>
      ${phone.devices.of(use).map(({ deviceId, label }, place) => html`<option value=${deviceId} ?selected=${deviceId === chosen}>${label || `${words} ${place + 1}`}</option>`)}
    </select></label>`;
}

