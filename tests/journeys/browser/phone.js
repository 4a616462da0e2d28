// A browser softphone with nothing to look at: the test presses its buttons through `window.phone` and reads its steps.
import JsSIP from "jssip";

// The test listens for pure tones, which the clean-up meant for voices would take for noise.
const AUDIO = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

let agent;
let session;
let ear;
const steps = [];

/** Note what happened: a word, and whatever belongs to it. */
const note = (word, rest = "") => steps.push({ word, rest: String(rest) });

/** Listen to the other side; Chromium lets a stream flow into an analyser only while an element plays it too. */
function listen(stream) {
  const element = new Audio();
  element.srcObject = stream;
  void element.play();
  const context = new AudioContext();
  ear = context.createAnalyser();
  ear.fftSize = 8192;
  context.createMediaStreamSource(stream).connect(ear);
}

function ring(call) {
  session = call;
  note("ringing", call.remote_identity.uri.user);
  call.on("peerconnection", ({ peerconnection }) => {
    peerconnection.addEventListener("track", ({ track }) => listen(new MediaStream([track])));
  });
  call.on("confirmed", () => note("talking"));
  call.on("ended", ({ originator, cause }) => note("ended", `${originator} ${cause}`));
  call.on("failed", ({ originator, cause }) => note("failed", `${originator} ${cause}`));
}

window.phone = {
  steps,

  /** Register over WebSocket at `address`. */
  register(address, user, password) {
    agent = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(address)],
      uri: `sip:${user}@127.0.0.1`,
      password,
      register_expires: 120,
    });
    agent.on("connected", () => note("connected"));
    agent.on("registered", () => note("registered"));
    agent.on("unregistered", () => note("unregistered"));
    agent.on("registrationFailed", ({ cause }) => note("refused", cause));
    agent.on("newRTCSession", ({ originator, session: call }) => originator === "remote" && ring(call));
    agent.start();
  },

  unregister() {
    agent.unregister();
  },

  answer() {
    session.answer({ mediaConstraints: { audio: AUDIO, video: false }, pcConfig: { iceServers: [] } });
  },

  hangUp() {
    session.terminate();
  },

  /** What WebRTC says of the call: encryption, codec, packets each way. */
  async measures() {
    const report = [...(await session.connection.getStats()).values()];
    const of = (type) => report.find((one) => one.type === type) ?? {};
    const [heard, said] = [of("inbound-rtp"), of("outbound-rtp")];
    const codec = (id) => report.find((one) => one.id === id)?.mimeType;
    return {
      dtls: of("transport").dtlsState,
      cipher: of("transport").srtpCipher,
      codecs: [codec(heard.codecId), codec(said.codecId)],
      received: heard.packetsReceived ?? 0,
      sent: said.packetsSent ?? 0,
      lost: heard.packetsLost ?? 0,
    };
  },

  /** The strongest tone heard now, in hertz; 0 while it is quiet. */
  pitch() {
    if (!ear) return 0;
    const levels = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(levels);
    const loudest = Math.max(...levels);
    return loudest > -60 ? (levels.indexOf(loudest) * ear.context.sampleRate) / ear.fftSize : 0;
  },
};
