// Put into the desk before its own scripts: a microphone that is not cleaned up (the test's voices are pure tones, which would
// count as noise), and an ear that tells which tone is heard.
(() => {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = ({ audio, ...rest }) =>
    open({ ...rest, audio: { ...(audio === true ? {} : audio), echoCancellation: false, noiseSuppression: false, autoGainControl: false } });

  let ear;
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(...all) {
      super(...all);
      window.connection = this;
      this.addEventListener("track", ({ track }) => {
        const context = new AudioContext();
        ear = context.createAnalyser();
        ear.fftSize = 8192;
        context.createMediaStreamSource(new MediaStream([track])).connect(ear);
      });
    }
  };

  /** How loud a tone of `hertz` is heard now, in decibels. */
  window.loudness = (hertz) => {
    if (!ear) return -200;
    const levels = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(levels);
    const at = Math.round((hertz * ear.fftSize) / ear.context.sampleRate);
    return Math.max(-200, ...levels.slice(at - 2, at + 3));
  };

  /** The strongest tone heard now, in hertz; 0 while it is quiet. */
  window.pitch = () => {
    if (!ear) return 0;
    const levels = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(levels);
    const loudest = Math.max(...levels);
    return loudest > -60 ? (levels.indexOf(loudest) * ear.context.sampleRate) / ear.fftSize : 0;
  };
})();
