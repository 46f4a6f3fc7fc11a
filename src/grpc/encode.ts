/**
 * Turns orders into the bytes of the messages that peers receive: what comes in hundreds of thousands a second is
 * written by hand, the rest goes through the generated code.
 *
 * Every streamed message is `repeated ... = 1`, so a message is the plain concatenation of its events, whichever stream
 * it is for: events that several streams share bear the same field numbers in all of them.
 */
import type { Batch, Sendable } from "../ports/batch.js";
import type { Clock } from "../ports/clock.js";
import { encodeEvent } from "./encode-event.js";
import {
  EVENTS,
  FRAME_BYTES,
  writeAcceptance,
  writeAssignment,
  writeDelivery,
  writeRejection,
} from "./encode-hot.js";
import { WireWriter } from "./wire-writer.js";

/** First buffer of a batch; it grows by doubling. */
const FIRST_BYTES = 1_024;

/** What encoding needs to know beside the orders. */
export interface EncodeContext {
  readonly clock: Clock;
  readonly serverId: string;
  readonly heartbeatMs: number;
  readonly maxMessageBytes: number;
}

/** One batch of events in the making. */
export class EventBatch implements Batch {
  private readonly writer = new WireWriter(FIRST_BYTES);

  constructor(private readonly context: EncodeContext) {}

  get byteLength(): number {
    return this.writer.byteLength;
  }

  append(order: Sendable): void {
    if (order.kind === "deliver") writeDelivery(this.writer, order, this.context.clock);
    else if (order.kind === "assign") writeAssignment(this.writer, order, this.context.clock);
    else if (order.kind === "accept") writeAcceptance(this.writer, order, this.context.clock);
    else if (order.kind === "reject" && order.refusal.reason === "OVERLOADED") {
      writeRejection(this.writer, order);
    } else {
      const event = encodeEvent(order, this.context);
      this.writer.reserve(event.byteLength + FRAME_BYTES);
      this.writer.bytes(EVENTS, event);
    }
  }

  finish(): Uint8Array {
    return this.writer.finish();
  }
}
