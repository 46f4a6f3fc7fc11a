/** Results that leave in bursts: what is asked for within a turn of the event loop, up to 32 at a time. */
import { createPayload } from "../payload.js";
import type { Load, Send } from "../peer.js";

/** Results in one burst. */
const BURST = 32;
/** The only producer. */
const PRODUCER = 0;

/** Makes a sender that answers without being asked: it collects the results, and hands each burst to `write`. */
export function createBurstSender(load: Load, write: (payloads: readonly Buffer[]) => void): Send {
  let waiting: number[] = [];
  const flush = () => {
    const sequences = waiting;
    waiting = [];
    for (let begin = 0; begin < sequences.length; begin += BURST) {
      const burst = sequences.slice(begin, begin + BURST);
      write(burst.map((sequence) => createPayload(load.payloads, sequence, PRODUCER)));
      for (const sequence of burst) load.accepted(sequence);
    }
  };
  return (sequence) => {
    if (waiting.push(sequence) === 1) setImmediate(flush);
  };
}
