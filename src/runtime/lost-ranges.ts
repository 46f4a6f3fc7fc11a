import type { PeerAccount } from "../core/vocabulary/held-bytes.js";
import { MIN_SHARED_BYTES, type SessionKey } from "../core/vocabulary/model.js";
import type { BatchFactory } from "../ports/batch.js";
import type { Range } from "./chunk.js";

/** Memory of a range, in bytes; an estimate. */
const RANGE_BYTES = 200;

/** Dropped deliveries of one stream that no gap has reported yet, as one range for each topic. */
export class LostRanges {
  private readonly byTopic = new Map<string, Range>();

  /** @param account - is charged for the ranges. */
  constructor(private readonly account: PeerAccount) {}

  /** Adds dropped deliveries. They are newer than those of the same topic that were added before. */
  add({ topic, from, last, count }: Range): void {
    const known = this.byTopic.get(topic);
    if (known) {
      known.last = last;
      known.count += count;
      return;
    }
    this.byTopic.set(topic, { topic, from, last, count });
    this.account.charge(RANGE_BYTES);
  }

  /** Encodes the gaps for a stream. */
  encode(to: SessionKey, newBatch: BatchFactory): readonly Uint8Array[] {
    const batch = newBatch(MIN_SHARED_BYTES);
    for (const { topic, from, last, count } of this.byTopic.values()) {
      batch.append({ kind: "gap", to, topic, reason: "SLOW_LISTENER", from, last, lostCount: count });
    }
    return batch.finish();
  }

  /** Releases the ranges; to be called once, when they are no longer kept. */
  release(): void {
    if (this.byTopic.size > 0) this.account.release(RANGE_BYTES * this.byTopic.size);
    this.byTopic.clear();
  }
}
