import type { AddressedEffect, Deliver, Summarize } from "../core/vocabulary/effect.js";
import type { Fact } from "../core/vocabulary/fact.js";
import type { HeldBytes, Pressure } from "../core/vocabulary/held-bytes.js";
import type { Input } from "../core/vocabulary/input.js";
import type { Instant, SessionKey } from "../core/vocabulary/model.js";
import type { ReasonName, Refusal } from "../core/vocabulary/reason.js";
import type { Inspector, Snapshot } from "../core/vocabulary/views.js";
import type { Sink } from "./sink.js";
import type { Watchdog } from "./watchdog.js";

/** The bound of a stream's queue, and what happens when it is exceeded. */
export interface OutboxBound {
  /** Maximum bytes in the queue. Assignments do not count: the window of their producer bounds them. */
  readonly maxBytes: number;
  /** The reason with which the stream is closed. A listener may ask for dropping instead when it opens its session. */
  readonly overflow: ReasonName;
  /** Whether a rejected submission ends the stream. If false, the rejection is sent on the stream. */
  readonly endsOnReject: boolean;
  /** Closes the stream if its transport takes nothing for so long; undefined for a stream that stays open. */
  readonly stall?: StallBound;
  /** Written assignments are reported to the core when their costs reach this sum, in bytes; never if absent. */
  readonly reportAtBytes?: number;
}

/** How long a transport may take nothing while something waits for it. */
export interface StallBound {
  /** Its timeouts last `timeoutMs`. A stream may be found late, after twice the time. */
  readonly watchdog: Watchdog;
  readonly timeoutMs: number;
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
export type ProcessMessage = (waitedMs: number, now: Instant) => void;

/** Something that a peer sends. */
export interface FromPeer {
  /** Key of the peer; see `peerOf`. Peers take turns while the server is busy. */
  readonly peer: string;
}

/** Has a message of `byteLength` bytes processed: at once, or later in the order in which its peer sent it. */
export type Schedule = (byteLength: number, processMessage: ProcessMessage, owner: MessageOwner) => void;

/** The peer to which a message is charged while it waits. Charges are ignored once the stream or call has ended. */
export interface MessageOwner extends FromPeer {
  /** Charges bytes that wait. */
  charge(bytes: number): void;
  /** Releases bytes that were charged. */
  release(bytes: number): void;
  /** How much is held for the peer, compared with what may be. Only known while something is charged. */
  readonly pressure: Pressure;
}

/** How long a message has waited. */
export interface Arrival {
  /** In milliseconds, until its latest slice began; infinity if its requests must be rejected in any case. */
  readonly waitedMs: number;
}

/**
 * Takes up a message, or the half-close of a stream.
 *
 * @returns its inputs; undefined if it has none.
 */
export type TakeMessage = (arrival: Arrival) => MessageInputs | undefined;

/**
 * The inputs of a message. Each is read after the effects of the previous one are performed, some of them in later turns
 * of the event loop. If reading throws, the inputs before stay applied. Reading takes less than a millisecond: where a
 * part of the message yields no input, undefined is read.
 */
export type MessageInputs = Iterator<Input | undefined>;

/** A stream whose messages are processed in slices. */
export interface InputStream {
  readonly session: SessionKey;
  /** Whether its first message is still to come. That one waits behind all other work of its peer. */
  isNew: boolean;
  /** Whether its messages carry requests, which wait while the server is busy with results. */
  readonly carriesRequests: boolean;
  /** The peer to which messages that wait are charged. */
  readonly owner: MessageOwner;
  /** Stops reading. */
  pause(): void;
  /** Reads again. */
  resume(): void;
  /** Runs a slice of a message. It catches what the slice throws, and runs nothing once the stream has ended. */
  guard(run: () => void): void;
}

/** The running dispatcher as the edges see it. */
export interface Runtime {
  /** Applies an input to the core and performs its effects. If another input is being applied, it is queued. */
  submit(input: Input): void;
  /**
   * Processes a message of a stream: at once or in later turns of the event loop, always in the order of the stream. A
   * long message is processed in slices.
   */
  receive(stream: InputStream, byteLength: number, take: TakeMessage): void;
  /** Schedules calls that carry one request: at once, or behind the queued ones while the server is busy. */
  readonly schedule: Schedule;
  /**
   * Does other work for a peer, such as beginning a stream or answering a question: at once, or in a later turn of the event
   * loop if this one has used up its time or other work of the peer waits. Peers take turns.
   *
   * @param work - takes a few milliseconds at most, and throws nothing.
   */
  inTurn(from: FromPeer, work: () => void): void;
  /**
   * Opens a session for a stream. Its effects are sent to the sink as batches of events.
   *
   * @param address - the connection as the transport shows it. Its peer is charged for what waits.
   */
  openStream(sink: Sink, bound: OutboxBound, address: string): SessionKey;
  /** Opens a session for a unary call, which handles its effects itself. */
  openCall(from: FromPeer, onEffect: (effect: AddressedEffect | Deliver | Summarize) => void): SessionKey;
  /** Subscribes to facts. @returns a function that unsubscribes; a second call of it does nothing. */
  watch(onFact: (fact: Fact) => void): () => void;
  /** What is held for each peer. The edges charge what they keep. */
  readonly ledger: HeldBytes;
  /** Why a peer may open no further stream that is no session; undefined if it may. @param address - its connection. */
  streamRefusalOf(address: string): Refusal | undefined;
  /** The counts and totals of the core. */
  snapshot(): Snapshot;
  /** Lists producers, listeners, topics and requests. */
  readonly inspector: Inspector;
  /** The state of a stream's queue; zeros if the stream is not open. */
  queueOf(session: SessionKey): QueueView;
  /** Deliveries lost to slow listeners since the start. */
  readonly droppedCount: number;
  /** Removes a session and tells the core that it has ended: at once, or in a later turn if many end in this one. */
  close(session: SessionKey): void;
}
