// The ring: made here, so that no file is missing when the phone rings. Two soft strokes and a pause, over and over.
import { audio } from "./sound.js";

const SECONDS = 3.2;
/** When each stroke begins, in seconds. */
const STROKES = [0, 0.55];
const STROKE = 0.45;
/** A major sixth that carries through a loud room without startling anybody. */
const TONES = [587.33, 987.77];
const KEY = "phone-ring-volume";

/** @type {AudioBuffer | null} */
let tune = null;

export class Ringer {
  /** @type {AudioBufferSourceNode | null} */
  #source = null;
  /** @type {GainNode | null} */
  #gain = null;

  /** 0 to 1 */
  get volume() {
    const kept = Number(localStorage.getItem(KEY) ?? "0.6");
    return kept >= 0 && kept <= 1 ? kept : 0.6;
  }

  set volume(volume) {
    localStorage.setItem(KEY, String(volume));
    if (this.#gain) this.#gain.gain.value = volume;
  }

  get rings() {
    return this.#source !== null;
  }

  /** Make what it will play: a phone that rings has no time for that. */
  prepare() {
    tune ??= melody(audio());
  }

  /** @param {string} device where it is heard; "" is the system's own choice */
  start(device) {
    if (this.#source) return;
    const context = audio();
    // Not in every browser; without it the ring comes where all sound does.
    void (/** @type {any} */ (context)).setSinkId?.(device).catch(() => {});
    this.prepare();
    this.#source = new AudioBufferSourceNode(context, { buffer: tune, loop: true });
    this.#gain = new GainNode(context, { gain: this.volume });
    this.#source.connect(this.#gain).connect(context.destination);
    this.#source.start();
  }

  stop() {
    this.#source?.stop();
    this.#source?.disconnect();
    this.#gain?.disconnect();
    this.#source = this.#gain = null;
  }
}

/** @param {AudioContext} context */
function melody(context) {
  const buffer = context.createBuffer(1, Math.ceil(SECONDS * context.sampleRate), context.sampleRate);
  const samples = buffer.getChannelData(0);
  for (const [which, at] of STROKES.entries()) {
    const first = Math.floor(at * context.sampleRate);
    for (let step = 0; step < STROKE * context.sampleRate; step += 1) {
      const time = step / context.sampleRate;
      const shape = Math.min(1, time / 0.015) * Math.exp(-time * 6) * Math.min(1, (STROKE - time) / 0.02);
      const tone = TONES[which % TONES.length] ?? 0;
      samples[first + step] = 0.5 * shape * (Math.sin(2 * Math.PI * tone * time) + 0.35 * Math.sin(4 * Math.PI * tone * time));
    }
  }
  return buffer;
}
