// The name of this page among all that are open: the server lets one page at a time be the phone of a seat. It stays the same
// when the page is loaded anew, and differs in a tab that was duplicated, which copies the storage.

const KEY = "phone-page";
const TRIES = 5;
const PAUSE_MS = 150;

/** @returns {Promise<string>} */
export async function pageName() {
  const kept = sessionStorage.getItem(KEY);
  if (kept && (await held(kept))) return kept;
  const fresh = crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("");
  sessionStorage.setItem(KEY, fresh);
  await held(fresh);
  return fresh;
}

/**
 * Hold a name for as long as the page lives; a page that is being loaded anew may hold its own for a moment still.
 * @param {string} name
 * @returns {Promise<boolean>} whether it is ours
 */
async function held(name) {
  if (!navigator.locks) return true;
  for (let tried = 0; tried < TRIES; tried += 1) {
    const ours = await new Promise((resolve) => {
      void navigator.locks.request(`phone-page ${name}`, { ifAvailable: true }, (lock) => {
        resolve(Boolean(lock));
        return lock ? new Promise(() => {}) : undefined;
      });
    });
    if (ours) return true;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return false;
}
