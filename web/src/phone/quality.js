// How well a line carries speech, estimated as telephone networks do (ITU-T G.107, the E-model, cut down to what a browser
// knows): from 1, useless, to 4.4, as good as it gets.

/** Below this a talk is tiring; the words are G.107's "many users dissatisfied". */
export const POOR = 3.6;

/**
 * @param {{loss: number, jitter: number, delay: number}} line share of packets lost (0 to 1); seconds of jitter; seconds of delay one way
 */
export function meanOpinion({ loss, jitter, delay }) {
  // A receiver waits about twice the jitter for late packets.
  const late = 1000 * (delay + 2 * jitter) + 20;
  const delayed = 0.024 * late + (late > 177.3 ? 0.11 * (late - 177.3) : 0);
  // Opus and G.711 with concealment: robustness 25, no harm of their own.
  const harmed = (95 * loss * 100) / (loss * 100 + 25);
  const rating = Math.max(0, Math.min(100, 93.2 - delayed - harmed));
  const score = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
  return Math.max(1, Math.min(4.5, score));
}

/** Reads a connection's counters; what counts is the last few seconds. */
export class Listener {
  /** @type {{lost: number, received: number}[]} */
  #counts = [];

  /** @param {RTCPeerConnection | null} connection @returns {Promise<number | null>} the score now; null while nothing was heard */
  async score(connection) {
    const report = (await connection?.getStats().catch(() => null)) ?? null;
    if (!report) return null;
    let [lost, received, jitter, round] = [0, 0, 0, 0];
    report.forEach((/** @type {any} */ one) => {
      if (one.type === "inbound-rtp" && one.kind === "audio") [lost, received, jitter] = [one.packetsLost ?? 0, one.packetsReceived ?? 0, one.jitter ?? 0];
      if (one.type === "candidate-pair" && one.nominated) round = one.currentRoundTripTime ?? 0;
    });
    this.#counts = [...this.#counts.slice(-5), { lost, received }];
    const first = this.#counts[0] ?? { lost, received };
    const [gone, here] = [Math.max(0, lost - first.lost), received - first.received];
    return gone + here > 0 ? meanOpinion({ loss: gone / (gone + here), jitter, delay: round / 2 }) : null;
  }
}
