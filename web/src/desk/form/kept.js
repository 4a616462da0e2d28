// What is typed at the desk, kept in this browser until the server has the ticket.
//
// Twice: localStorage is there at once after a page has crashed, but Chromium writes it to disk late (up to a minute on a
// busy day), so that a killed browser would lose the last sentences; IndexedDB hands each change to the system at once, but
// may not finish when the page is torn down. The higher version counts.

const { login = "" } = document.documentElement.dataset;
const PREFIX = `desk.draft.${login}.`;
const STORE = "drafts";

/** @typedef {{id: string, linkedid: string | null, version: number, fields: Record<string, any>}} Kept */

/** @type {Promise<IDBDatabase> | null} */
let opening = null;

/** @returns {Promise<IDBDatabase>} */
function database() {
  opening ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("desk", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opening;
}

/** @param {Kept} kept */
export function keep(kept) {
  try {
    localStorage.setItem(PREFIX + kept.id, JSON.stringify(kept));
  } catch {
    // Full, or switched off: the other one, and the server, remain.
  }
  database()
    .then((db) => db.transaction(STORE, "readwrite").objectStore(STORE).put(kept, PREFIX + kept.id))
    .catch(() => null);
}

/** @param {string} id */
export function forget(id) {
  try {
    localStorage.removeItem(PREFIX + id);
  } catch {
    // There is nothing to remove where nothing can be kept.
  }
  database()
    .then((db) => db.transaction(STORE, "readwrite").objectStore(STORE).delete(PREFIX + id))
    .catch(() => null);
}

/** @param {any} value @returns {value is Kept} */
export const isKept = (value) =>
  typeof value?.id === "string" && Number.isInteger(value.version) && value.fields !== null && typeof value.fields === "object";

/** All of this person's in this browser, each as it was last. @returns {Promise<Kept[]>} */
export async function all() {
  /** @type {Map<string, Kept>} */
  const found = new Map();
  const add = (/** @type {any} */ value) => {
    if (isKept(value) && value.version >= (found.get(value.id)?.version ?? 0)) found.set(value.id, value);
  };
  try {
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
      try {
        add(JSON.parse(localStorage.getItem(key) ?? "null"));
      } catch {
        // A half-written one says nothing.
      }
    }
  } catch {
    // Switched off.
  }
  const rows = await database()
    .then(
      (db) =>
        new Promise((/** @type {(rows: any[]) => void} */ resolve) => {
          const asked = db.transaction(STORE).objectStore(STORE).getAll(IDBKeyRange.bound(PREFIX, `${PREFIX}￿`));
          asked.onsuccess = () => resolve(asked.result);
          asked.onerror = () => resolve([]);
        }),
    )
    .catch(() => []);
  rows.forEach(add);
  return [...found.values()];
}

const DONE = `desk.done.${login}`;

/** Calls that have led to a ticket: their form does not open by itself again. @returns {string[]} */
export function done() {
  try {
    const calls = JSON.parse(localStorage.getItem(DONE) ?? "[]");
    return Array.isArray(calls) ? calls : [];
  } catch {
    return [];
  }
}

/** @param {string} linkedid */
export function noteDone(linkedid) {
  try {
    localStorage.setItem(DONE, JSON.stringify([...done().filter((one) => one !== linkedid), linkedid].slice(-20)));
  } catch {
    // The form opens once more, and is empty.
  }
}
