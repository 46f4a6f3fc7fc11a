/**
 * A batch of a producer with many empty messages. Each causes a Fault, which waits in the producer's queue; without a
 * bound, the queue is searched and cut for each of them, so the time grows with the square of their number.
 */
import type { Attack } from "../attack.js";
import { hello, METHOD, times } from "./messages.js";

/** An empty ProducerMessage in a ProduceRequest. */
const EMPTY = Buffer.from([0x0a, 0x00]);

function emptyMessages(name: string, count: number, gzip: boolean): Attack {
  return {
    name,
    sends: `Produce: ${count} empty messages in one${gzip ? ", gzipped" : ""}`,
    isQuick: gzip,
    async run(attacker) {
      const stream = attacker.connect().open(METHOD.produce, { gzip });
      stream.send(hello());
      await attacker.wait(200);
      stream.send(times(count, EMPTY));
      await attacker.untilOver(stream.ended);
    },
  };
}

/** Compressed: about 500 bytes. */
export const produceEmptyMessagesGzip: Attack = emptyMessages("produce-empty-messages-gzip", 240_000, true);

/** As large as one message may be. */
export const produceEmptyMessages: Attack = emptyMessages("produce-empty-messages", 500_000, false);
