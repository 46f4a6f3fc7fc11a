/**
 * What can happen to the core: facts in the past tense. They carry ids and opaque bytes, never a call object.
 */
import type {
  Cursor,
  Failure,
  Instant,
  OverflowAction,
  Payload,
  Registration,
  RequestSpec,
  SessionKey,
  TraceContext,
  Unknown,
} from "./model.js";
import type { Refusal } from "./reason.js";

/** A producer said Hello. */
export interface ProducerOpened {
  readonly kind: "producerOpened";
  readonly session: SessionKey;
  /** Opaque name of the session for peers; minted by the edge. */
  readonly sessionId: string;
  /** As given, or "" if `mintedId` is to be used. */
  readonly producerId: string;
  readonly mintedId: string;
  readonly displayName: string;
  readonly labels: readonly (readonly [key: string, value: string])[];
  readonly registrations: readonly Registration[];
  /** 0 for the default. */
  readonly maxOutstanding: number;
  /** 0 for the default. */
  readonly maxBacklog: number;
  readonly reportDispositions: boolean;
  /** Address of the connection, for people. */
  readonly peer: string;
}

/** A producer joined topics. */
export interface TopicsRegistered {
  readonly kind: "topicsRegistered";
  readonly session: SessionKey;
  readonly registrations: readonly Registration[];
  readonly correlationId: string;
}

/** A producer left topics. */
export interface TopicsDeregistered {
  readonly kind: "topicsDeregistered";
  readonly session: SessionKey;
  readonly topics: readonly string[];
  readonly correlationId: string;
}

/** A producer changed its window. */
export interface CreditUpdated {
  readonly kind: "creditUpdated";
  readonly session: SessionKey;
  readonly maxOutstanding: number;
}

/** A producer replied to an assignment. */
export interface ResultReturned {
  readonly kind: "resultReturned";
  readonly session: SessionKey;
  /** 0 if the id is none that this server could have given out. */
  readonly assignment: number;
  /** The id as the producer wrote it; undefined if it is written as this server writes `assignment`. */
  readonly assignmentText: string | undefined;
  readonly more: boolean;
  /** The producer's failure, or undefined if the result is none. */
  readonly failure: Failure | undefined;
  readonly payload: Payload;
}

/** A producer said something that this version does not understand. */
export interface MessageMisunderstood {
  readonly kind: "messageMisunderstood";
  readonly session: SessionKey;
}

/** A producer said goodbye and wants no new work. */
export interface ProducerDraining {
  readonly kind: "producerDraining";
  readonly session: SessionKey;
}

/** A listener opened a stream. */
export interface ListenerOpened {
  readonly kind: "listenerOpened";
  readonly session: SessionKey;
  readonly sessionId: string;
  /** As given, or "" if `mintedId` is to be used. */
  readonly listenerId: string;
  readonly mintedId: string;
  readonly topics: readonly string[];
  readonly resumeFrom: readonly Cursor[];
  readonly includeLate: boolean;
  readonly includeSummaries: boolean;
  readonly overflowAction: OverflowAction | Unknown;
  /** 0 for the default. */
  readonly bufferBytes: number;
  readonly group: string;
  readonly peer: string;
}

/** A listener's topics were changed on its own stream. */
export interface TopicsUpdated {
  readonly kind: "topicsUpdated";
  readonly session: SessionKey;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** A listener's topics were changed by a call. */
export interface ListenerUpdated {
  readonly kind: "listenerUpdated";
  /** The call that is to be answered. */
  readonly session: SessionKey;
  readonly listenerId: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** A requester opened a stream on which it gathers. */
export interface CallerOpened {
  readonly kind: "callerOpened";
  readonly session: SessionKey;
}

/** A requester will submit nothing more. */
export interface CallerFinished {
  readonly kind: "callerFinished";
  readonly session: SessionKey;
}

/** A request came in. */
export interface RequestSubmitted {
  readonly kind: "requestSubmitted";
  /** The call or stream that is to be answered; one that gathers has been opened as a caller before. */
  readonly session: SessionKey;
  /** Undefined if the call itself is the answer's address. */
  readonly correlationId: string | undefined;
  readonly spec: RequestSpec;
  /** Tells one content from another; only needed with a caller's request_id, else "". */
  readonly digest: string;
  /** The id to use if the caller gave none. */
  readonly mintedId: string;
  readonly gather: boolean;
  readonly excludeListeners: boolean;
  readonly validateOnly: boolean;
  /** When the call itself ends; undefined if it has no deadline or the stream carries many requests. */
  readonly callDeadlineAt: Instant | undefined;
  readonly context: TraceContext;
  /** How long it lay in this process before it could be looked at, in milliseconds; not at all if it is not said. */
  readonly waitedMs?: number;
}

/** Somebody asked to end a request. */
export interface CancelRequested {
  readonly kind: "cancelRequested";
  /** The call that is to be answered, or undefined if nobody waits for an answer. */
  readonly session: SessionKey | undefined;
  readonly requestId: string;
}

/** A peer has finished without a goodbye, or broke the contract: its session ends, and then its stream. */
export interface SessionEnded {
  readonly kind: "sessionEnded";
  readonly session: SessionKey;
  /** The status of the stream; undefined for OK. */
  readonly refusal: Refusal | undefined;
}

/** A stream is gone, for whatever reason. Unknown sessions are ignored. */
export interface SessionClosed {
  readonly kind: "sessionClosed";
  readonly session: SessionKey;
}

/** Somebody began to watch. */
export interface WatchStarted {
  readonly kind: "watchStarted";
}

/** Somebody watches no longer. */
export interface WatchStopped {
  readonly kind: "watchStopped";
}

/** Time went by. */
export interface ClockAdvanced {
  readonly kind: "clockAdvanced";
}

/** The process was told to stop. */
export interface DrainStarted {
  readonly kind: "drainStarted";
  /** How long what is pending may still take, in milliseconds. */
  readonly graceMs: number;
}

/** What was pending has had its time. */
export interface DrainExpired {
  readonly kind: "drainExpired";
}

/** Anything that a producer says after its Hello. */
export type ProducerInput =
  | TopicsRegistered
  | TopicsDeregistered
  | CreditUpdated
  | ResultReturned
  | ProducerDraining
  | MessageMisunderstood;

/** Anything that can happen to the core. */
export type Input =
  | ProducerOpened
  | ProducerInput
  | ListenerOpened
  | TopicsUpdated
  | ListenerUpdated
  | CallerOpened
  | CallerFinished
  | RequestSubmitted
  | CancelRequested
  | SessionEnded
  | SessionClosed
  | WatchStarted
  | WatchStopped
  | ClockAdvanced
  | DrainStarted
  | DrainExpired;
