/** Results in bursts: those of one event-loop turn, up to 32 at a time. */
import { createPayload } from "../payload.js";
import type { Load, Send } from "../peer.js";

/** Results in one burst. */
const BURST = 32;
/** The only producer. */
const PRODUCER = 0;

/** Creates a sender of unsolicited results: it collects them and passes each burst to `write`. */
export function createBurstSender(load: Load, write: (payloads: readonly Buffer[]) => void): Send {
  let queued: number[] = [];
  const flush = () => {
    const sequences = queued;
    queued = [];
    for (let begin = 0; begin < sequences.length; begin += BURST) {
      const burst = sequences.slice(begin, begin + BURST);
      write(burst.map((sequence) => createPayload(load.payloads, sequence, PRODUCER)));
      for (const sequence of burst) load.accepted(sequence);
    }
  };
  return (sequence) => {
    if (queued.push(sequence) === 1) setImmediate(flush);
  };
}
