/**
 * The replays that one listener still has to receive, as positions only. Deliveries are read from the log and encoded
 * when the transport accepts them, so a listener that does not read keeps no part of the log in memory.
 */
import type { Replay } from "../core/vocabulary/effect.js";
import { MIN_SHARED_BYTES } from "../core/vocabulary/model.js";
import type { ReplaySlice } from "../core/vocabulary/replay-slice.js";
import type { BatchFactory } from "../ports/batch.js";

/** Target size of one replay message, in bytes. A larger delivery becomes a message of its own. */
const SLICE_BYTES = 64 * 1024;

/** Reads the next slice of a replay. */
export type ReadReplay = (replay: Replay, from: number, maxBytes: number) => ReplaySlice;

/** One message of a replay. */
export interface ReplayMessage {
  /** The message is their concatenation. */
  readonly parts: readonly Uint8Array[];
  readonly deliveryCount: number;
}

/** The replays of one stream, first in, first out. */
export class ReplayQueue {
  private replays: Replay[] = [];
  private current = 0;
  /** The next position of the current replay. */
  private next = 0;

  constructor(
    private readonly newBatch: BatchFactory,
    private readonly read: ReadReplay,
  ) {}

  /** Whether no replay is left. */
  get isEmpty(): boolean {
    return this.replays.length === 0;
  }

  /** Enqueues a replay. */
  add(replay: Replay): void {
    if (this.isEmpty) this.next = replay.from;
    this.replays.push(replay);
  }

  /** Encodes the next message. The queue must not be empty. */
  take(): ReplayMessage {
    const batch = this.newBatch(MIN_SHARED_BYTES);
    let deliveryCount = 0;
    for (let replay = this.replays[this.current]; replay; replay = this.replays[this.current]) {
      const slice = this.read(replay, this.next, SLICE_BYTES - batch.byteLength);
      if (slice.gap) batch.append(slice.gap);
      for (const delivery of slice.deliveries) batch.append(delivery);
      deliveryCount += slice.deliveries.length;
      this.next = slice.next;
      if (slice.next > replay.last) this.advance();
      if (batch.byteLength >= SLICE_BYTES || slice.next <= replay.last) break;
    }
    return { parts: batch.finish(), deliveryCount };
  }

  /** Drops all replays. */
  clear(): void {
    this.replays = [];
    this.current = 0;
  }

  private advance(): void {
    this.current++;
    this.next = this.replays[this.current]?.from ?? 0;
    if (this.current === this.replays.length) this.clear();
  }
}
