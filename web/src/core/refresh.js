// Keeps a list fresh: asked for again when the day's figures, the seats or the callbacks move, when the stream comes back, and now and then.
import { live } from "./live.js";

const SETTLE_MS = 400;
const ANYWAY_MS = 30_000;

/**
 * @param {() => Promise<void>} load
 * @returns {() => void} ask again now
 */
export function keepFresh(load) {
  let running = false;
  let again = false;
  const go = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await load();
    } while (again);
    running = false;
  };
  let seen = "";
  let timer = 0;
  live.subscribe(() => {
    const { figures, seats, queue, callbacks } = live.floor ?? {};
    const talking = Object.values(seats ?? {}).map((seat) => [seat.state === "talking", seat.callback]);
    const now = JSON.stringify([live.link, figures, talking, callbacks, queue?.waiting.length]);
    if (now === seen || live.link !== "live") return;
    seen = now;
    clearTimeout(timer);
    timer = window.setTimeout(go, SETTLE_MS);
  });
  setInterval(() => document.hidden || void go(), ANYWAY_MS);
  void go();
  return () => void go();
}
