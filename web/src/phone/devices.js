// Microphones and loudspeakers: which there are, which was chosen, and which is used while the chosen one is unplugged.

const KEY = "phone-devices";
/** @typedef {"input" | "output" | "ring"} Use */
/** @typedef {{id: string, label: string}} Choice */

/** Made for voices in a loud room. */
const VOICE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export class Devices {
  /** @type {MediaDeviceInfo[]} */
  all = [];
  /** @type {Partial<Record<Use, Choice>>} what the agent chose, by name too: a browser may give a device a new id */
  chosen = read();

  /** @param {() => void} changed when a device has come or gone */
  constructor(changed) {
    this.changed = changed;
  }

  watch() {
    navigator.mediaDevices?.addEventListener("devicechange", this.#look);
    return this.look();
  }

  #look = () => void this.look().then(this.changed);

  async look() {
    this.all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  }

  /** @param {Use} use devices for it; the system's own choice is no device */
  of(use) {
    const kind = use === "input" ? "audioinput" : "audiooutput";
    return this.all.filter((one) => one.kind === kind && one.deviceId && one.deviceId !== "default" && one.deviceId !== "communications");
  }

  /** Whether there is any microphone at all; before the first permission devices have no names. */
  get hasMicrophone() {
    return this.all.some(({ kind }) => kind === "audioinput");
  }

  /** The chosen device if it is there, else "" for the system's own choice. @param {Use} use */
  id(use) {
    return this.#there(use)?.deviceId ?? "";
  }

  /** The name of a chosen device that is not there now, or "". @param {Use} use */
  missing(use) {
    const wanted = this.chosen[use];
    return wanted && this.all.length && !this.#there(use) ? wanted.label : "";
  }

  /** @param {Use} use */
  #there(use) {
    const wanted = this.chosen[use];
    if (!wanted) return undefined;
    const found = this.of(use);
    return found.find(({ deviceId }) => deviceId === wanted.id) ?? found.find(({ label }) => label && label === wanted.label);
  }

  /** @param {Use} use @param {string} id "" for the system's own choice */
  choose(use, id) {
    const device = this.of(use).find(({ deviceId }) => deviceId === id);
    if (device) this.chosen[use] = { id, label: device.label };
    else delete this.chosen[use];
    localStorage.setItem(KEY, JSON.stringify(this.chosen));
  }

  /** Open the microphone. @returns {Promise<MediaStream>} @throws {DOMException} */
  async open() {
    const id = this.id("input");
    const stream = await navigator.mediaDevices.getUserMedia({ audio: id ? { ...VOICE, deviceId: { exact: id } } : VOICE, video: false });
    if (!this.all.some(({ label }) => label)) await this.look(); // with the permission come the names
    // Unplugged, or taken back by the system or the agent, which no change of the list tells.
    for (const track of stream.getAudioTracks()) track.addEventListener("ended", this.#look);
    return stream;
  }
}

/** @param {MediaStream | null | undefined} stream */
export const close = (stream) => stream?.getTracks().forEach((track) => track.stop());

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}
