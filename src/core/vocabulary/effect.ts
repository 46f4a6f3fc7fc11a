/**
 * What the core wants done, as plain values named in the imperative.
 *
 * Effects are performed in the order in which the core emits them; the effects of one step come before those of the
 * next. Each stream therefore receives its effects in that order. Two exceptions let effects for many listeners share a
 * batch:
 *
 * - A delivery may move forward into an open batch of its {@link Deliver.lane}. The core opens a new lane whenever a
 *   listener must receive another effect before the delivery.
 * - A summary or a late delivery may move forward into an open batch of its lane, but never ahead of an in-time
 *   delivery that was emitted earlier.
 *
 * The comment of each effect says which effects precede and follow it on the same stream. ARCHITECTURE.md, "What one
 * stream hears, and in which order", lists all ordering rules and their tests.
 */
import type { Fact } from "./fact.js";
import type {
  Acceptance,
  Cursor,
  DispositionState,
  GapReason,
  GoAwayReason,
  Instant,
  Lane,
  OverflowAction,
  Payload,
  RevocationReason,
  SessionKey,
  Summary,
  TraceContext,
} from "./model.js";
import type { Refusal } from "./reason.js";

/** Tell a producer that its session is live: the first event of its stream. */
export interface Welcome {
  readonly kind: "welcome";
  readonly to: SessionKey;
  readonly producerId: string;
  readonly sessionId: string;
  readonly maxOutstanding: number;
  readonly maxBacklog: number;
}

/** Confirm a producer's registrations; precedes the first assignment that they cause. */
export interface Registered {
  readonly kind: "registered";
  readonly to: SessionKey;
  readonly topics: readonly string[];
  readonly correlationId: string;
}

/** Confirm that a producer's registrations are removed. */
export interface Deregistered {
  readonly kind: "deregistered";
  readonly to: SessionKey;
  readonly topics: readonly string[];
  readonly correlationId: string;
}

/** Assign a request to a producer. */
export interface Assign {
  readonly kind: "assign";
  readonly to: SessionKey;
  readonly assignment: number;
  readonly requestId: string;
  /** The principal whose request it is; "" for an anonymous one. */
  readonly requester: string;
  /** The edge sends the remaining TTL, measured at the moment of sending. */
  readonly deadlineAt: Instant;
  readonly attempt: number;
  readonly context: TraceContext;
  readonly payload: Payload;
  /** What it takes of its producer's window, in bytes, until the runtime reports it as written. */
  readonly cost: number;
}

/** Withdraw assignments from a producer; follows each of these assignments. */
export interface Revoke {
  readonly kind: "revoke";
  readonly to: SessionKey;
  readonly assignments: readonly number[];
  readonly reason: RevocationReason;
}

/** Report the disposition of a producer's reply; dispositions come in the order of the replies. */
export interface Dispose {
  readonly kind: "dispose";
  readonly to: SessionKey;
  readonly assignmentText: string;
  readonly state: DispositionState;
}

/** Tell a producer of a mistake that does not end its stream. */
export interface Fault {
  readonly kind: "fault";
  readonly to: SessionKey;
  readonly correlationId: string;
  readonly refusal: Refusal;
}

/** Tell a draining producer that it owes nothing: the last event of its stream, followed by {@link Close}. */
export interface Drained {
  readonly kind: "drained";
  readonly to: SessionKey;
}

/** Tell a listener that its session is live: the first event of its stream, followed by gaps, then by replays. */
export interface Ready {
  readonly kind: "ready";
  readonly to: SessionKey;
  readonly listenerId: string;
  readonly sessionId: string;
  readonly cursors: readonly Cursor[];
  /** Bound of this listener's queue; the runtime that performs the effect enforces it. */
  readonly bufferBytes: number;
  readonly overflowAction: OverflowAction;
}

/**
 * Tell a listener that its topics changed, or that a topic begins which one of its wildcards covers. Precedes the first
 * delivery of an added or new topic, and follows the last delivery of a removed topic.
 */
export interface TopicsChanged {
  readonly kind: "topicsChanged";
  readonly to: SessionKey;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly cursors: readonly Cursor[];
}

/** Tell a listener which deliveries it lost; precedes every delivery of the topic after the gap. */
export interface Gap {
  readonly kind: "gap";
  readonly to: SessionKey;
  readonly topic: string;
  readonly reason: GapReason;
  /** First lost position; 0 if unknown. */
  readonly from: number;
  /** Last lost position; 0 if unknown. */
  readonly last: number;
  readonly lostCount: number;
}

/**
 * Send a listener the retained deliveries of a topic between two positions, before any effect emitted later. The
 * deliveries are read from the log only when the listener's stream has room; those evicted by then become a gap.
 */
export interface Replay {
  readonly kind: "replay";
  readonly to: SessionKey;
  readonly topic: string;
  readonly epoch: string;
  /** First position; at most `last`. */
  readonly from: number;
  readonly last: number;
}

/**
 * Deliver one result to the listeners of the audience, and to the callers that gather it.
 *
 * On a listener's stream, a delivery follows every effect emitted earlier, except effects that an open batch of its
 * lane may overtake. Deliveries of one topic never overtake each other. On a caller's stream, a delivery follows the
 * acceptance, precedes the summary, and comes in the order of the ordinals.
 */
export interface Deliver {
  readonly kind: "deliver";
  /** Deliveries with the same lane have the same audience. {@link NO_LANE} if the audience is empty. */
  readonly lane: Lane;
  /** Sessions of the listeners, none twice. */
  readonly audience: readonly SessionKey[];
  readonly callers: readonly SessionKey[];
  readonly requestId: string;
  /** The principal whose request it is; "" for an anonymous one. */
  readonly requester: string;
  readonly topic: string;
  readonly producerId: string;
  /** Of the producer; "" for an anonymous one. */
  readonly principal: string;
  readonly group: string;
  /** From 1 within the request; 0 if late. */
  readonly ordinal: number;
  readonly more: boolean;
  /** From 1 within the topic's epoch; 0 if late, or if only callers receive the result. */
  readonly sequence: number;
  readonly latencyMs: number;
  readonly receivedAt: Instant;
  readonly late: boolean;
  readonly context: TraceContext;
  readonly payload: Payload;
}

/**
 * Send a summary to the listeners of the audience, and to the callers that gathered the request.
 *
 * On a listener's stream, a summary follows every in-time delivery that was emitted earlier. On a caller's stream, it
 * is the last event of the request.
 */
export interface Summarize {
  readonly kind: "summarize";
  /** Summaries with the same lane have the same audience. {@link NO_LANE} if the audience is empty. */
  readonly lane: Lane;
  /** Sessions of the listeners, none twice. */
  readonly audience: readonly SessionKey[];
  readonly callers: readonly SessionKey[];
  readonly summary: Summary;
}

/** Accept a submission; precedes every delivery and the summary of its request. */
export interface Accept {
  readonly kind: "accept";
  readonly to: SessionKey;
  readonly correlationId: string;
  readonly acceptance: Acceptance;
}

/** Reject a submission or a call. */
export interface Reject {
  readonly kind: "reject";
  readonly to: SessionKey;
  readonly correlationId: string;
  readonly refusal: Refusal;
}

/** Answer a call that cancelled a request, with the request's summary. */
export interface Cancelled {
  readonly kind: "cancelled";
  readonly to: SessionKey;
  readonly summary: Summary;
}

/** Answer a call that changed a listener's topics. */
export interface Updated {
  readonly kind: "updated";
  readonly to: SessionKey;
  /** Sorted. */
  readonly topics: readonly string[];
}

/**
 * Tell a peer that its stream is alive. Deliveries emitted earlier, and therefore all up to the cursors, precede it;
 * later deliveries may overtake it.
 */
export interface Heartbeat {
  readonly kind: "heartbeat";
  readonly to: SessionKey;
  readonly cursors: readonly Cursor[];
}

/** Tell a peer that its stream will end. */
export interface GoAway {
  readonly kind: "goAway";
  readonly to: SessionKey;
  readonly reason: GoAwayReason;
  readonly graceMs: number;
}

/** End a stream, with the refusal's status or with OK, after every effect emitted for it earlier. */
export interface Close {
  readonly kind: "close";
  readonly to: SessionKey;
  readonly refusal: Refusal | undefined;
}

/** An effect that is addressed to one session. */
export type AddressedEffect =
  | Welcome
  | Registered
  | Deregistered
  | Assign
  | Revoke
  | Dispose
  | Fault
  | Drained
  | Ready
  | TopicsChanged
  | Gap
  | Replay
  | Accept
  | Reject
  | Cancelled
  | Updated
  | Heartbeat
  | GoAway
  | Close;

/** Report a fact to watchers. Emitted only while there is a watcher. */
export interface Observe {
  readonly kind: "observe";
  readonly fact: Fact;
}

/**
 * Submit `workContinued` for a session at the end of this turn of the event loop or in a later one, before any further
 * input of its stream. The step left work unfinished so that other sessions get their turn.
 */
export interface Continue {
  readonly kind: "continue";
  readonly to: SessionKey;
}

/** Any effect of the core. */
export type Effect = AddressedEffect | Deliver | Summarize | Observe | Continue;
