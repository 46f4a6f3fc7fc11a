/**
 * Turns effects into the bytes of the messages that peers receive: the events that are sent hundreds of thousands of times
 * a second are written by hand, the others go through the generated code.
 *
 * Every streamed message is `repeated ... = 1`, so a message is the plain concatenation of its events, whichever stream
 * it is for: events that several streams share bear the same field numbers in all of them.
 */
import { WireWriter } from "ate-dispatcher-client/internal";
import type { Batch, Sendable } from "../../ports/batch.js";
import type { EncodeContext } from "./encode-context.js";
import { encodeEvent } from "./encode-event.js";
import {
  EVENTS,
  MAX_FRAME_BYTES,
  writeAcceptance,
  writeAssignment,
  writeDelivery,
  writeRejection,
} from "./encode-hot.js";

/** One batch of events in the making. */
export class EventBatch implements Batch {
  private readonly writer: WireWriter;
  /** Bytes of the finished message; 0 before. */
  private finishedBytes = 0;

  constructor(private readonly context: EncodeContext) {
    this.writer = new WireWriter(context.spareBuffers.take());
  }

  get byteLength(): number {
    return this.finishedBytes + this.writer.byteLength;
  }

  append(effect: Sendable): void {
    const { writer, context } = this;
    if (effect.kind === "deliver") writeDelivery(writer, effect, context.clock);
    else if (effect.kind === "assign") writeAssignment(writer, effect, context.clock);
    else if (effect.kind === "accept") writeAcceptance(writer, effect, context.clock);
    else if (effect.kind === "reject" && effect.refusal.reason === "OVERLOADED") {
      writeRejection(writer, effect, context.statuses);
    } else {
      const event = encodeEvent(effect, context);
      writer.reserve(event.byteLength + MAX_FRAME_BYTES);
      writer.bytes(EVENTS, event);
    }
  }

  finish(): Uint8Array {
    const message = this.writer.take();
    this.finishedBytes = message.byteLength;
    this.context.spareBuffers.give(this.writer.release());
    return message;
  }
}
