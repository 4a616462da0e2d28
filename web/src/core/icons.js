// Drawn on a 24 x 24 grid in the colour of the text. A shape says what a colour says, for those who do not see the colour.
import { html, svg } from "lit-html";

const shapes = {
  ready: svg`<circle cx="12" cy="12" r="9.5"/><path d="m7.5 12.5 3 3 6-6.5"/>`,
  talking: svg`<path d="M4 5.5h16v11h-9l-4.5 4v-4H4z"/><path d="M8 9.5h8M8 12.8h5"/>`,
  ringing: svg`<path d="M6 17V11a6 6 0 0 1 12 0v6l1.5 1.5h-15z"/><path d="M10 21.2h4M12 2.6V5"/>`,
  wrap_up: svg`<path d="m4 20 1-4.5L16.5 4 20 7.5 8.5 19z"/><path d="m14 6.5 3.5 3.5"/>`,
  break: svg`<circle cx="12" cy="12" r="9.5"/><path d="M9.5 8v8M14.5 8v8"/>`,
  signed_out: svg`<circle cx="12" cy="12" r="9.5" stroke-dasharray="3 3.6"/><path d="M8 12h8"/>`,
  warn: svg`<path d="M12 3 22.5 21h-21z"/><path d="M12 9.5v5.5M12 17.6v.6"/>`,
  stop: svg`<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/><path d="M12 6.5v7.5M12 16.8v.8"/>`,
  calm: svg`<path d="m4 12.5 5.5 5.5L20 6.5"/>`,
  met: svg`<path d="m4 12.5 5.5 5.5L20 6.5"/>`,
  missed: svg`<path d="m5.5 5.5 13 13m0-13-13 13"/>`,
  none: svg`<path d="M5 12h14"/>`,
  unplugged: svg`<path d="M3 3l18 18M8.5 8.5a6 6 0 0 0-2 7.5l-2.5 2.5M9.5 5.5 11 4l9 9-1.5 1.5"/>`,
  horn: svg`<path d="M4 10v4l11 4.5v-13zM15 9.5a3 3 0 0 1 0 5M6.5 14.8V20H10v-3.8"/>`,
  phone: svg`<path d="M5 4h4l1.8 4.5-2.4 1.7a12 12 0 0 0 5.4 5.4l1.7-2.4L20 15v4c0 .6-.4 1-1 1C11 20 4 13 4 5c0-.6.4-1 1-1z"/>`,
  ear: svg`<path d="M7.500 17c0-4-2-4.500-2-8.500a6.500 6.500 0 0 1 13 0c0 5-5 5-5 9a3.500 3.500 0 0 1-6 2.500"/><path d="M9.500 9a2.500 2.500 0 0 1 5 0c0 1.800-2 2.200-2 4"/>`,
  whisper: svg`<path d="M3.500 20c0-4.500 3-7 7-7s7 2.500 7 7"/><circle cx="10.500" cy="7.500" r="4"/><path d="M18 4.500a5 5 0 0 1 0 6M21 2.500a9 9 0 0 1 0 10"/>`,
  barge: svg`<circle cx="5.500" cy="8" r="3"/><circle cx="18.500" cy="8" r="3"/><circle cx="12" cy="5.500" r="3.500"/><path d="M1.500 19c0-3.500 1.500-5.500 4-5.500M22.500 19c0-3.500-1.500-5.500-4-5.500M6.500 21c0-5 2-8.500 5.500-8.500s5.500 3.500 5.500 8.500"/>`,
  up: svg`<path d="M12 20V5m-6 6 6-6 6 6"/>`,
  hand_over: svg`<path d="M3 8h13m-4-4 4 4-4 4M21 16H8m4-4-4 4 4 4"/>`,
  message: svg`<path d="M3.500 5h17v12h-10l-4 3.500V17h-3z"/>`,
  dark: svg`<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500z"/>`,
  light: svg`<circle cx="12" cy="12" r="4.5"/><path d="M12 2v2.500M12 19.500V22M2 12h2.500M19.500 12H22M5 5l1.700 1.700M17.300 17.300 19 19M19 5l-1.700 1.700M6.700 17.300 5 19"/>`,
  auto: svg`<circle cx="12" cy="12" r="9"/><path d="M12 3v18a9 9 0 0 0 0-18z" fill="currentColor"/>`,
  people: svg`<circle cx="9" cy="8" r="4"/><path d="M2 20a7 7 0 0 1 14 0M17.500 9v7M14 12.500h7"/>`,
  open: svg`<path d="m9 5 7 7-7 7"/>`,
  full: svg`<path d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"/>`,
  bell: svg`<path d="M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15z"/><path d="M10 21h4"/>`,
  clip: svg`<path d="m8 12.500 6.200-6.200a3 3 0 0 1 4.300 4.300L10.700 18.400a5 5 0 0 1-7-7l7.300-7.300"/>`,
  lock: svg`<path d="M5 10.500h14V21H5z"/><path d="M8 10.500V7a4 4 0 0 1 8 0v3.500"/>`,
  search: svg`<circle cx="10.500" cy="10.500" r="6.500"/><path d="m15.500 15.500 5.500 5.500"/>`,
  fetch: svg`<path d="M12 3v12m-5-5 5 5 5-5M4 20h16"/>`,
  headset: svg`<path d="M4 14v-2a8 8 0 0 1 16 0v2"/><path d="M4 14h3.500v6H6a2 2 0 0 1-2-2zM20 14h-3.500v6H18a2 2 0 0 0 2-2z"/>`,
  mic: svg`<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3.500"/>`,
  mic_off: svg`<path d="M9 9V6a3 3 0 0 1 6 0v5M5.500 11.500a6.500 6.500 0 0 0 10.500 5.100M18.500 11.500a6 6 0 0 1-.3 2M12 18v3.500M3.500 3.500l17 17"/>`,
  keypad: svg`<path d="M6 5v.1M12 5v.1M18 5v.1M6 11v.1M12 11v.1M18 11v.1M6 17v.1M12 17v.1M18 17v.1M12 22v.1"/>`,
  hang_up: svg`<path d="M3 15.500c0-6 18-6 18 0v2.200l-4.800.3-.6-3.500a12 12 0 0 0-7.200 0L7.800 18 3 17.700z"/>`,
  play: svg`<path d="M7 4.500v15l12-7.500z"/>`,
  pause: svg`<path d="M8 5v14M16 5v14"/>`,
  back: svg`<path d="M4 6h16M4 12h16M4 18h16"/>`,
};

/** @param {keyof typeof shapes} name */
export const icon = (name) =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round">${shapes[name]}</svg>`;
