// The server's time. A wall's own clock may be minutes wrong, so ages are counted from the server's `now`, carried on by the
// browser's monotonic clock.

let serverAt = Date.now();
let heardAt = performance.now();

/** @param {string} iso the server's time at this moment */
export function syncClock(iso) {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return;
  serverAt = at;
  heardAt = performance.now();
}

/** Milliseconds since 1970 by the server's clock. */
export const serverNow = () => serverAt + (performance.now() - heardAt);

/**
 * Whole seconds since `since`, never negative.
 * @param {string | null | undefined} since
 * @param {number} now milliseconds
 */
export function age(since, now) {
  const at = Date.parse(since ?? "");
  return Number.isNaN(at) ? null : Math.max(0, Math.floor((now - at) / 1000));
}

/**
 * Whole seconds left until `until`, never negative.
 * @param {string | null | undefined} until
 * @param {number} now milliseconds
 */
export function left(until, now) {
  const at = Date.parse(until ?? "");
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / 1000));
}

/**
 * Call `tick` just after every full second of the server's clock.
 * @param {() => void} tick
 */
export function everySecond(tick) {
  const next = () => {
    tick();
    setTimeout(next, 1005 - (serverNow() % 1000));
  };
  next();
}
