// The session of this browser: what to do when it is over.

/** Leave for the sign-in page, and come back here afterwards. */
export function toSignIn() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** @type {(() => void) | null} */
let ask = null;

/** Ask for the password here instead of leaving, so that nothing that was typed is lost. @param {() => void} asking */
export function askHere(asking) {
  ask = asking;
}

/** The server knows this browser no more. */
export const sessionOver = () => (ask ?? toSignIn)();
