// How loud a stream is now, for a bar that moves with the voice.
import { audio } from "./sound.js";

/** What counts as silence and as full, in decibels of full scale. */
const QUIET_DB = -60;
const LOUD_DB = -8;

export class Meter {
  /** @type {AnalyserNode | null} */
  #ear = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  #samples = new Float32Array(1024);

  /** @param {MediaStream | null} stream */
  listen(stream) {
    this.#source?.disconnect();
    this.#source = this.#ear = null;
    if (!stream?.getAudioTracks().length) return;
    this.#ear = new AnalyserNode(audio(), { fftSize: 1024 });
    this.#source = new MediaStreamAudioSourceNode(audio(), { mediaStream: stream });
    this.#source.connect(this.#ear);
  }

  /** 0 to 1 */
  get level() {
    if (!this.#ear) return 0;
    this.#ear.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
    const decibels = 10 * Math.log10(power || 1e-12);
    return Math.max(0, Math.min(1, (decibels - QUIET_DB) / (LOUD_DB - QUIET_DB)));
  }
}
