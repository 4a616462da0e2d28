// Work that costs a robot more than a citizen: the number behind the salt whose hash is the one asked for. Computed here, as
// `crypto.subtle` is missing where a page came without encryption; in pieces, so that the page stays alive.
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/** Hashes between two looks at whatever else the page has to do: some 20 ms on an old telephone. */
const PIECE = 500;

/** @typedef {{algorithm: string, challenge: string, maxNumber: number, salt: string, signature: string}} Task */

/**
 * @param {Task} task
 * @param {(share: number) => void} onShare told how much is done, 0 to 1
 * @returns {Promise<object>} the solution as the server wants it
 */
export async function solve({ algorithm, challenge, maxNumber, salt, signature }, onShare) {
  const wanted = Uint8Array.from(challenge.match(/../g) ?? [], (two) => parseInt(two, 16));
  for (let number = 0; number <= maxNumber; number += 1) {
    if (number % PIECE === 0) {
      onShare(number / maxNumber);
      await rest();
    }
    const hash = sha256(utf8ToBytes(salt + number));
    if (hash.every((byte, at) => byte === wanted[at])) return { algorithm, challenge, number, salt, signature };
  }
  throw new Error("the task has no solution");
}

/** Let everything else have its turn; a timer would wait longer each time. */
function rest() {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve(undefined);
    };
    channel.port2.postMessage(null);
  });
}
