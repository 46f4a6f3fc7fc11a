import type { AddressedEffect, Deliver, Summarize } from "../core/vocabulary/effect.js";
import type { Fact } from "../core/vocabulary/fact.js";
import type { Input } from "../core/vocabulary/input.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import type { ReasonName } from "../core/vocabulary/reason.js";
import type { Inspector, Snapshot } from "../core/vocabulary/views.js";
import type { Sink } from "./sink.js";

/** The bound of a stream's queue, and what happens when it is exceeded. */
export interface OutboxBound {
  readonly maxBytes: number;
  /** The reason with which the stream is closed. A listener may ask for dropping instead when it opens its session. */
  readonly overflow: ReasonName;
  /** Whether a rejected submission ends the stream. If false, the rejection is sent on the stream. */
  readonly endsOnReject: boolean;
}

/** The state of one stream's queue. */
export interface QueueView {
  readonly queuedBytes: number;
  /** Deliveries given to the transport since the stream began. */
  readonly deliveredCount: number;
  /** Deliveries lost because the peer read too slowly. */
  readonly droppedCount: number;
}

/** Processes a message. @param waitedMs - how long it was queued; infinity if it must be rejected in any case. */
export type ProcessMessage = (waitedMs: number) => void;

/** Has a message of `byteLength` bytes processed: at once, or later in the order of arrival. */
export type Schedule = (byteLength: number, processMessage: ProcessMessage) => void;

/** The running dispatcher as the edges see it. */
export interface Runtime {
  /** Applies an input to the core and performs its effects. If another input is being applied, it is queued. */
  submit(input: Input): void;
  /**
   * Applies the inputs of one message to the core, all at one instant.
   *
   * @param inputs - each is read after the effects of the previous one are performed. If reading throws, the error is
   * rethrown, and the inputs before it stay applied.
   */
  submitAll(inputs: Iterable<Input>): void;
  /** Schedules messages that carry requests: at once, or behind the queued ones while the server is busy. */
  readonly schedule: Schedule;
  /** Opens a session for a stream. Its effects are sent to the sink as batches of events. */
  openStream(sink: Sink, bound: OutboxBound): SessionKey;
  /** Opens a session for a unary call, which handles its effects itself. */
  openCall(onEffect: (effect: AddressedEffect | Deliver | Summarize) => void): SessionKey;
  /** Subscribes to facts. @returns a function that unsubscribes; a second call of it does nothing. */
  watch(onFact: (fact: Fact) => void): () => void;
  /** The counts and totals of the core. */
  snapshot(): Snapshot;
  /** Lists producers, listeners, topics and requests. */
  readonly inspector: Inspector;
  /** The state of a stream's queue; zeros if the stream is not open. */
  queueOf(session: SessionKey): QueueView;
  /** Deliveries lost to slow listeners since the start. */
  readonly droppedCount: number;
  /** Removes a session and tells the core that it has ended. */
  close(session: SessionKey): void;
}
