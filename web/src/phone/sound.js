// The one audio context of the page: the ring, the level meters. Browsers keep it silent until the page was clicked or typed on.

/** @type {AudioContext | null} */
let context = null;

/** @returns {AudioContext} */
export function audio() {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  return context;
}

/** @type {MediaStream | null} */
let quiet = null;

/** A microphone that hears nothing: a phone that sends no speech at all is taken for one that has died. */
export function silence() {
  if (!quiet) {
    const context = audio();
    const end = context.createMediaStreamDestination();
    const source = new ConstantSourceNode(context, { offset: 0 }); // without one nothing at all comes out
    source.connect(end);
    source.start();
    quiet = end.stream;
  }
  return new MediaStream(quiet.getAudioTracks().map((track) => track.clone()));
}

/** Whether the browser keeps the page silent still. */
export const silenced = () => audio().state !== "running";

/** Call back once the page may be heard. @param {() => void} then */
export function onceHeard(then) {
  const wake = () => void audio().resume().then(then);
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wake, { once: true, capture: true });
}
