import type { AddressedEffect, Deliver, Summarize } from "../core/vocabulary/effect.js";
import type { Fact } from "../core/vocabulary/fact.js";
import type { Input } from "../core/vocabulary/input.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import type { ReasonName } from "../core/vocabulary/reason.js";
import type { Inspector, Snapshot } from "../core/vocabulary/views.js";
import type { Sink } from "./sink.js";

/** How much may be queued for a stream, and what happens beyond. */
export interface OutboxBound {
  readonly maxBytes: number;
  /** Why the stream is closed beyond it; a listener that drops instead says so when its session opens. */
  readonly overflow: ReasonName;
  /** Whether a refused submission ends the stream instead of being told on it. */
  readonly endsOnReject: boolean;
}

/** How the queue of one stream stands. */
export interface QueueView {
  readonly queuedBytes: number;
  /** Deliveries handed to the transport since the stream began. */
  readonly deliveredCount: number;
  /** Deliveries lost because the peer read too slowly. */
  readonly droppedCount: number;
}

/** Takes a message up. @param waitedMs - how long it waited; infinity if it is to be refused in any case. */
export type TakeUp = (waitedMs: number) => void;

/** Decides when a message of so many bytes is taken up: at once, or when its turn comes. */
export type InTurn = (byteLength: number, takeUp: TakeUp) => void;

/** What the edges see of the running dispatcher. */
export interface Runtime {
  /** Tells the core what happened. Orders that follow from it are performed before it returns. */
  submit(input: Input): void;
  /**
   * Tells the core what one message says, all of it at one instant.
   *
   * @param inputs - read one by one, each after the orders of the one before it have been performed. What it throws is
   * passed on, and what came before counts.
   */
  submitAll(inputs: Iterable<Input>): void;
  /** For messages with requests: at once, or if the server is busy, when it has dealt with what it was asked before. */
  readonly inTurn: InTurn;
  /** Opens a place for a stream, to which orders are sent as batches. */
  openStream(sink: Sink, bound: OutboxBound): SessionKey;
  /** Opens a place for a call, which takes its orders itself. */
  openCall(take: (order: AddressedEffect | Deliver | Summarize) => void): SessionKey;
  /** Begins to hear facts. @returns stops hearing them; calling it again does nothing. */
  watch(hear: (fact: Fact) => void): () => void;
  /** How the whole stands. */
  snapshot(): Snapshot;
  /** Looks at it in detail. */
  readonly inspector: Inspector;
  /** How a stream's queue stands; zeros if it is not open. */
  queueOf(session: SessionKey): QueueView;
  /** Deliveries lost to slow listeners since the start. */
  readonly droppedCount: number;
  /** Closes a place for good and tells the core that the session has ended. */
  close(session: SessionKey): void;
}
