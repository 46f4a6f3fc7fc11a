/**
 * Encodes effects into the messages that peers receive. Hand-written code encodes the events that are sent hundreds of
 * thousands of times a second; the generated code encodes the others.
 *
 * Every streamed message is `repeated ... = 1`, so a message is the plain concatenation of its events. Events that
 * several kinds of streams share have the same field numbers in all of them, so the bytes fit every stream.
 */
import { WireWriter } from "ate-dispatcher-client/internal";
import type { Payload } from "../../core/vocabulary/model.js";
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

/** A payload that a message refers to, and its place among the written bytes. */
interface SharedPayload {
  readonly at: number;
  readonly payload: Payload;
}

/** A batch of events under construction. */
export class EventBatch implements Batch {
  private readonly writer: WireWriter;
  /** Written bytes of the finished message; 0 until `finish`. */
  private finishedBytes = 0;
  /** Created for the first payload that is not copied; most batches have none. */
  private shared: SharedPayload[] | undefined = undefined;
  private sharedBytes = 0;

  constructor(
    private readonly context: EncodeContext,
    private readonly minSharedBytes: number,
  ) {
    this.writer = new WireWriter(context.spareBuffers.take());
  }

  get byteLength(): number {
    return this.finishedBytes + this.writer.byteLength + this.sharedBytes;
  }

  append(effect: Sendable): void {
    const { writer, context } = this;
    if (effect.kind === "deliver") {
      const isShared = effect.payload.length >= this.minSharedBytes;
      writeDelivery(writer, effect, context.clock, isShared);
      if (isShared) this.share(effect.payload);
    } else if (effect.kind === "assign") {
      const isShared = effect.payload.length >= this.minSharedBytes;
      writeAssignment(writer, effect, context.clock, isShared);
      if (isShared) this.share(effect.payload);
    } else if (effect.kind === "accept") writeAcceptance(writer, effect, context.clock);
    else if (effect.kind === "reject" && effect.refusal.reason === "OVERLOADED") {
      writeRejection(writer, effect, context.statuses);
    } else {
      const event = encodeEvent(effect, context);
      writer.reserve(event.byteLength + MAX_FRAME_BYTES);
      writer.bytes(EVENTS, event);
    }
  }

  finish(): readonly Uint8Array[] {
    const written = this.writer.take();
    this.finishedBytes = written.byteLength;
    this.context.spareBuffers.give(this.writer.release());
    return this.shared ? partsOf(written, this.shared) : [written];
  }

  /** Adds a payload behind the written bytes without copying it. */
  private share(payload: Payload): void {
    this.shared ??= [];
    this.shared.push({ at: this.writer.byteLength, payload });
    this.sharedBytes += payload.length;
  }
}

/** Splits the written bytes at the places of the payloads. */
function partsOf(written: Uint8Array, shared: readonly SharedPayload[]): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let begin = 0;
  for (const { at, payload } of shared) {
    parts.push(written.subarray(begin, at), payload);
    begin = at;
  }
  if (begin < written.length) parts.push(written.subarray(begin));
  return parts;
}
