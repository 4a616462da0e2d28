// What an agent does to hand a citizen on. It is appended to phone.js, whose names it shares.
let asked;

// Asterisk leaves it to the phone that handed a call on to end its own part, once it hears that it was done.
const done = (calls) => ({ eventHandlers: { accepted: () => calls.forEach((call) => call.isEnded() || call.terminate()) } });

Object.assign(window.phone, {
  /** Send whoever is on the line on to `number`, and be out of it. */
  sendOn(number) {
    session.refer(`sip:${number}@127.0.0.1`, done([session]));
  },

  /** Put the first one on hold and ask `number`. */
  ask(number) {
    session.hold();
    asked = agent.call(`sip:${number}@127.0.0.1`, {
      mediaConstraints: { audio: AUDIO, video: false },
      pcConfig: { iceServers: [] },
    });
    asked.on("confirmed", () => note("asked"));
    asked.on("failed", ({ cause }) => note("not asked", cause));
    asked.on("ended", () => note("out of it"));
  },

  /** Join the two, and be out of it. */
  join() {
    session.refer(asked.remote_identity.uri, { replaces: asked, ...done([session, asked]) });
  },
});
