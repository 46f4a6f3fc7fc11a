/**
 * What one listener is still to be replayed: positions only. Deliveries are read and encoded when its transport takes
 * them, so that a listener that does not read holds no more of the log than the server itself.
 */

import type { Replay, ReplaySlice } from "../core/vocabulary/effect.js";
import type { BatchFactory } from "../ports/batch.js";

/** Bytes of one message of a replay, about; a larger delivery is one of its own. */
const SLICE_BYTES = 64 * 1024;

/** Reads the next slice of a replay. */
export type ReadReplay = (order: Replay, from: number, mostBytes: number) => ReplaySlice;

/** One message of a replay. */
export interface ReplayMessage {
  readonly message: Uint8Array;
  readonly deliveryCount: number;
}

/** The replays of one stream, in the order in which they were ordered. */
export class ReplayQueue {
  private orders: Replay[] = [];
  private current = 0;
  /** Where the current one goes on. */
  private next = 0;

  constructor(
    private readonly newBatch: BatchFactory,
    private readonly read: ReadReplay,
  ) {}

  /** Whether there is nothing to replay, or nothing any more. */
  get isEmpty(): boolean {
    return this.orders.length === 0;
  }

  /** Queues a replay behind the others. */
  add(order: Replay): void {
    if (this.isEmpty) this.next = order.from;
    this.orders.push(order);
  }

  /** Encodes what comes next. There must be something. */
  take(): ReplayMessage {
    const batch = this.newBatch();
    let deliveryCount = 0;
    for (let order = this.orders[this.current]; order; order = this.orders[this.current]) {
      const slice = this.read(order, this.next, SLICE_BYTES - batch.byteLength);
      if (slice.gap) batch.append(slice.gap);
      for (const delivery of slice.deliveries) batch.append(delivery);
      deliveryCount += slice.deliveries.length;
      this.next = slice.next;
      if (slice.next > order.last) this.proceed();
      if (batch.byteLength >= SLICE_BYTES || slice.next <= order.last) break;
    }
    return { message: batch.finish(), deliveryCount };
  }

  /** Forgets what was ordered. */
  clear(): void {
    this.orders = [];
    this.current = 0;
  }

  private proceed(): void {
    this.current++;
    this.next = this.orders[this.current]?.from ?? 0;
    if (this.current === this.orders.length) this.clear();
  }
}
