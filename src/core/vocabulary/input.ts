/**
 * The inputs of the core: events in the past tense. They carry ids and opaque bytes, never a call object.
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

/** A producer opened a stream and sent Hello. */
export interface ProducerOpened {
  readonly kind: "producerOpened";
  readonly session: SessionKey;
  /** Opaque id of the session that peers see; minted by the edge. */
  readonly sessionId: string;
  /** As given, or "" if `mintedId` is to be used. */
  readonly producerId: string;
  /** The principal of the peer; "", or absent, for an anonymous one. */
  readonly principal?: string;
  readonly mintedId: string;
  readonly displayName: string;
  readonly labels: readonly (readonly [key: string, value: string])[];
  readonly registrations: readonly Registration[];
  /** 0 for the default. */
  readonly maxOutstanding: number;
  /** 0 for the default. */
  readonly maxBacklog: number;
  readonly reportDispositions: boolean;
  /** Address of the connection. */
  readonly peer: string;
}

/** A producer asked to register for topics. */
export interface TopicsRegistered {
  readonly kind: "topicsRegistered";
  readonly session: SessionKey;
  readonly registrations: readonly Registration[];
  readonly correlationId: string;
}

/** A producer asked to remove registrations. */
export interface TopicsDeregistered {
  readonly kind: "topicsDeregistered";
  readonly session: SessionKey;
  readonly topics: readonly string[];
  readonly correlationId: string;
}

/** A producer changed its credit. */
export interface CreditUpdated {
  readonly kind: "creditUpdated";
  readonly session: SessionKey;
  readonly maxOutstanding: number;
}

/**
 * The connection of a producer took assignments. The runtime reports them together, but never so late that an assignment
 * waits for the window although the connection has taken all earlier ones.
 */
export interface AssignmentsWritten {
  readonly kind: "assignmentsWritten";
  readonly session: SessionKey;
  /** The sum of their costs. */
  readonly bytes: number;
}

/** A producer replied to an assignment. */
export interface ResultReturned {
  readonly kind: "resultReturned";
  readonly session: SessionKey;
  /** 0 if this server cannot have issued the id. */
  readonly assignment: number;
  /** The id as the producer wrote it; undefined if it is the text that this server writes for `assignment`. */
  readonly assignmentText: string | undefined;
  readonly more: boolean;
  /** The producer's failure; undefined if it succeeded. */
  readonly failure: Failure | undefined;
  readonly payload: Payload;
  /** Why the edge replaced the result by a failure; undefined if it did not. The producer gets it in a Fault. */
  readonly fault?: Refusal | undefined;
}

/** A producer sent a message that this version does not understand, or that the edge refuses. */
export interface MessageMisunderstood {
  readonly kind: "messageMisunderstood";
  readonly session: SessionKey;
  /** Why the edge refuses the message; undefined if it is not understood. */
  readonly refused?: Refusal | undefined;
  /** Of the refused message; "" if absent. */
  readonly correlationId?: string;
}

/** A producer sent Drain: it accepts no new assignments. */
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
  /** The principal of the peer; "", or absent, for an anonymous one. */
  readonly principal?: string;
  readonly mintedId: string;
  readonly topics: readonly string[];
  readonly resumeFrom: readonly Cursor[];
  readonly includeLate: boolean;
  readonly includeSummaries: boolean;
  readonly overflowAction: OverflowAction | Unknown;
  /** 0 for the default. */
  readonly bufferBytes: number;
  readonly group: string;
  /** Whether peers of other principals may be members of the group; false if absent. */
  readonly isGroupShared?: boolean;
  /** Whether further parts follow as {@link TopicsUpdated}; false if absent. */
  readonly cursorsFollow?: boolean;
  /** Address of the connection. */
  readonly peer: string;
}

/** A listener changed its topics on its own stream, or sent a further part of its opening. */
export interface TopicsUpdated {
  readonly kind: "topicsUpdated";
  readonly session: SessionKey;
  readonly add: readonly string[];
  /** Whether the added topics share a group of the listener with other principals; false if absent. */
  readonly isGroupShared?: boolean;
  readonly remove: readonly string[];
  /** None if absent. Only in a part of the opening. */
  readonly resumeFrom?: readonly Cursor[];
  /** Whether another part follows; false if absent. Only in a part of the opening. */
  readonly cursorsFollow?: boolean;
}

/** A call changed a listener's topics. */
export interface ListenerUpdated {
  readonly kind: "listenerUpdated";
  /** The call to answer. */
  readonly session: SessionKey;
  readonly listenerId: string;
  /** The principal of the listener; "", or absent, for an anonymous one. */
  readonly principal?: string;
  readonly add: readonly string[];
  /** Whether the added topics share a group of the listener with other principals; false if absent. */
  readonly isGroupShared?: boolean;
  readonly remove: readonly string[];
}

/** A caller opened a stream on which it gathers. */
export interface CallerOpened {
  readonly kind: "callerOpened";
  readonly session: SessionKey;
  /** Address of the connection; a connection without one if absent. */
  readonly peer?: string;
}

/** A caller submits no more requests. */
export interface CallerFinished {
  readonly kind: "callerFinished";
  readonly session: SessionKey;
}

/** A request arrived. */
export interface RequestSubmitted {
  readonly kind: "requestSubmitted";
  /** The call or stream to answer; a session that gathers was opened as a caller before. */
  readonly session: SessionKey;
  /** Undefined if the call carries only one request, so that its answer needs no correlation. */
  readonly correlationId: string | undefined;
  /** The principal of the caller; "", or absent, for an anonymous one. */
  readonly principal?: string;
  readonly spec: RequestSpec;
  /** Digest of the request's content; set only with a caller's request_id, else "". */
  readonly digest: string;
  /** The id to use if the caller gave none. */
  readonly mintedId: string;
  readonly gather: boolean;
  readonly excludeListeners: boolean;
  readonly validateOnly: boolean;
  /** Deadline of the call itself; undefined if it has none, or if the stream carries many requests. */
  readonly callDeadlineAt: Instant | undefined;
  readonly context: TraceContext;
  /** Address of the connection of a call that carries only this request; unused with the session of a caller. */
  readonly peer?: string | undefined;
  /** Why the edge rejects the request; undefined if it does not. */
  readonly refused?: Refusal | undefined;
  /** How long the request waited in this process before it was processed, in milliseconds; 0 if absent. */
  readonly waitedMs?: number;
}

/** A peer or the edge asked to cancel a request. */
export interface CancelRequested {
  readonly kind: "cancelRequested";
  /** The call to answer; undefined if no call waits for an answer. */
  readonly session: SessionKey | undefined;
  readonly requestId: string;
  /** The principal whose request it is; "", or absent, for an anonymous one. */
  readonly requester?: string;
}

/** A producer half-closed its stream without Drain, or a peer violated the contract: the session and its stream end. */
export interface SessionEnded {
  readonly kind: "sessionEnded";
  readonly session: SessionKey;
  /** The status of the stream; undefined for OK. */
  readonly refusal: Refusal | undefined;
}

/** A stream closed, for any reason. Unknown sessions are ignored. */
export interface SessionClosed {
  readonly kind: "sessionClosed";
  readonly session: SessionKey;
}

/**
 * The connection of a stream reached its maximum age. The session gets no new work, and its stream ends with
 * CONNECTION_AGE as soon as its pending work is done. A session that ends by itself, because its producer drains or its
 * caller submits no more requests, is left alone. Unknown sessions are ignored.
 */
export interface SessionAging {
  readonly kind: "sessionAging";
  readonly session: SessionKey;
  /** How long the stream stays open for pending work, in milliseconds; the edge then ends it. */
  readonly graceMs: number;
}

/** It is the turn of the work that an earlier step left unfinished. Sessions without such work are ignored. */
export interface WorkContinued {
  readonly kind: "workContinued";
  readonly session: SessionKey;
}

/** A watcher started to watch. */
export interface WatchStarted {
  readonly kind: "watchStarted";
}

/** A watcher stopped watching. */
export interface WatchStopped {
  readonly kind: "watchStopped";
}

/** The number of open streams that are no sessions has changed. They count towards the limit of sessions. */
export interface StreamsCounted {
  readonly kind: "streamsCounted";
  readonly count: number;
}

/** Time passed: settles the deadlines that are due. */
export interface ClockAdvanced {
  readonly kind: "clockAdvanced";
}

/** The server started to drain. */
export interface DrainStarted {
  readonly kind: "drainStarted";
  /** How long pending requests may still take, in milliseconds. */
  readonly graceMs: number;
}

/** The grace period of the drain is over: pending requests end now. */
export interface DrainExpired {
  readonly kind: "drainExpired";
}

/** Any input for an open session of a producer. */
export type ProducerInput =
  | TopicsRegistered
  | TopicsDeregistered
  | CreditUpdated
  | AssignmentsWritten
  | ResultReturned
  | ProducerDraining
  | MessageMisunderstood;

/** Any input of the core. */
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
  | SessionAging
  | WorkContinued
  | WatchStarted
  | WatchStopped
  | StreamsCounted
  | ClockAdvanced
  | DrainStarted
  | DrainExpired;
