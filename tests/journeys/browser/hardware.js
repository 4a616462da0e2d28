// What a test can do to a browser's devices, and what it can see of what the browser does to the agent.
//
// Feigned: which devices there are. Chromium's own fake microphones cannot be unplugged, so the list, the failure to open one
// that is not there, the end of its track and the event are made here, as Chromium makes them for a headset. Real: the
// microphones that are opened, and everything that the page, the call and Asterisk make of it.
(() => {
  const media = navigator.mediaDevices;
  const gone = new Set();
  const open = media.getUserMedia.bind(media);
  const list = media.enumerateDevices.bind(media);
  const tracks = new Set();

  const real = ({ kind, deviceId }) => kind === "audioinput" && deviceId !== "default";
  media.enumerateDevices = async () => {
    const there = (await list()).filter(({ kind, label }) => kind !== "audioinput" || !gone.has(label));
    return there.some(real) ? there : there.filter(({ kind }) => kind !== "audioinput");
  };
  media.getUserMedia = async (wanted) => {
    const left = (await media.enumerateDevices()).filter(real);
    if (!left.length) throw new DOMException("Requested device not found", "NotFoundError");
    const id = wanted.audio?.deviceId?.exact ?? left[0].deviceId;
    if (!left.some(({ deviceId }) => deviceId === id)) throw new DOMException("Requested device not found", "OverconstrainedError");
    const stream = await open({ ...wanted, audio: { ...wanted.audio, deviceId: { exact: id } } });
    for (const track of stream.getAudioTracks()) {
      tracks.add(track);
      if (!gone.has(track.label)) continue;
      track.stop(); // pulled out while it was opened
      throw new DOMException("Could not start audio source", "NotReadableError");
    }
    return stream;
  };

  window.hardware = {
    /** The names of the microphones that are there. */
    microphones: async () => (await media.enumerateDevices()).filter(real).map(({ label }) => label),

    /** Pull it out: its tracks end, and the list is another. */
    unplug(label) {
      gone.add(label);
      for (const track of tracks) {
        if (track.label !== label) continue;
        tracks.delete(track);
        if (track.readyState !== "live") continue;
        track.stop();
        track.dispatchEvent(new Event("ended"));
      }
      media.dispatchEvent(new Event("devicechange"));
    },

    /** They are gone, and the browser has not noticed. */
    lose(labels) {
      labels.forEach((label) => gone.add(label));
    },

    plugIn(label) {
      gone.delete(label);
      media.dispatchEvent(new Event("devicechange"));
    },

    /** What microphone the call speaks through now. */
    speaksThrough: () => window.connection?.getSenders().map(({ track }) => track).find((track) => track?.readyState === "live")?.label ?? "",
  };

  // Whatever the page plays itself, the ring above all, is listened to as well.
  const ears = [];
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to === this.context.destination) {
      const ear = this.context.createAnalyser();
      ear.fftSize = 8192;
      connect.call(this, ear);
      ears.push(ear);
    }
    return connect.call(this, to, ...rest);
  };
  /** The tones that are played now and are loud, in hertz; the ring is two strokes. */
  window.played = () => ears.map((ear) => {
    const levels = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(levels);
    const loudest = Math.max(...levels);
    return loudest > -50 ? (levels.indexOf(loudest) * ear.context.sampleRate) / ear.fftSize : 0;
  }).filter(Boolean);

  // A desktop notification is the system's; a test sees that the browser took it, and what it says.
  window.notes = [];
  const Real = window.Notification;
  if (Real) {
    window.Notification = class extends Real {
      constructor(title, how) {
        super(title, how);
        const note = { title, body: this.body, state: "asked" };
        window.notes.push(note);
        this.addEventListener("show", () => { note.state = "shown"; });
        this.addEventListener("error", () => { note.state = "failed"; });
        this.addEventListener("close", () => { note.state = "closed"; });
        this.note = note;
      }
      close() {
        super.close();
        this.note.state = "closed";
      }
    };
  }
})();
