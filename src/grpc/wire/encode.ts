/**
 * Encodes effects into the messages that peers receive. Hand-written code encodes the events that are sent hundreds of
 * thousands of times a second; the generated code encodes the others.
 *
 * Every streamed message is `repeated ... = 1`, so a message is the plain concatenation of its events. Events that
 * several kinds of streams share have the same field numbers in all of them, so the bytes fit every stream.
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

/** A batch of events under construction. */
export class EventBatch implements Batch {
  private readonly writer: WireWriter;
  /** Bytes of the finished message; 0 until `finish`. */
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
