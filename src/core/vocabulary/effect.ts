/**
 * What the core wants done, as plain values in the imperative.
 *
 * Effects are performed in the order in which they stand, those of one step before those of the next. What one stream
 * hears is therefore the order of the effects for it, but for two liberties that let effects for many share a batch:
 *
 * - A delivery may be moved forward to an open batch of its {@link Deliver.lane}. The core opens a new lane whenever a
 *   listener must hear something else before the delivery.
 * - A summary, or a late delivery, may be moved forward to an open batch of its lane, but never before a delivery in time
 *   that was ordered earlier.
 *
 * The comment of each effect says what the core orders before and after it on the same stream; ARCHITECTURE.md, "What
 * one stream hears, and in which order", puts the rules together and names their tests.
 */
import type { Fact } from "./fact.js";
import type {
  Acceptance,
  Cursor,
  DispositionState,
  GapReason,
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

/** Tell a producer that it joined topics; before the first assignment that follows from it. */
export interface Registered {
  readonly kind: "registered";
  readonly to: SessionKey;
  readonly topics: readonly string[];
  readonly correlationId: string;
}

/** Tell a producer that it left topics. */
export interface Deregistered {
  readonly kind: "deregistered";
  readonly to: SessionKey;
  readonly topics: readonly string[];
  readonly correlationId: string;
}

/** Ask a producer. */
export interface Assign {
  readonly kind: "assign";
  readonly to: SessionKey;
  readonly assignment: number;
  readonly requestId: string;
  /** The TTL that remains is counted from the moment of sending. */
  readonly deadlineAt: Instant;
  readonly attempt: number;
  readonly context: TraceContext;
  readonly payload: Payload;
}

/** Withdraw assignments from a producer; after each of them. */
export interface Revoke {
  readonly kind: "revoke";
  readonly to: SessionKey;
  readonly assignments: readonly number[];
  readonly reason: RevocationReason;
}

/** Tell a producer what became of its reply; dispositions come in the order of the replies. */
export interface Dispose {
  readonly kind: "dispose";
  readonly to: SessionKey;
  readonly assignmentText: string;
  readonly state: DispositionState;
}

/** Tell a producer of a harmless mistake. */
export interface Fault {
  readonly kind: "fault";
  readonly to: SessionKey;
  readonly correlationId: string;
  readonly refusal: Refusal;
}

/** Tell a draining producer that it owes nothing; its last event, followed by {@link Close}. */
export interface Drained {
  readonly kind: "drained";
  readonly to: SessionKey;
}

/** Tell a listener that its session is live: the first event of its stream, followed by gaps and then replays. */
export interface Ready {
  readonly kind: "ready";
  readonly to: SessionKey;
  readonly listenerId: string;
  readonly sessionId: string;
  readonly cursors: readonly Cursor[];
  /** The bound of this listener's queue, which whoever performs this order enforces. */
  readonly bufferBytes: number;
  readonly overflowAction: OverflowAction;
}

/**
 * Tell a listener that its topics changed, or that a topic it covers by a wildcard begins. Before the first delivery of
 * an added or begun topic, and after the last one of a removed topic.
 */
export interface TopicsChanged {
  readonly kind: "topicsChanged";
  readonly to: SessionKey;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly cursors: readonly Cursor[];
}

/** Tell a listener what it lost; before every delivery of the topic behind the gap. */
export interface Gap {
  readonly kind: "gap";
  readonly to: SessionKey;
  readonly topic: string;
  readonly reason: GapReason;
  /** First lost position; 0 if it cannot be told. */
  readonly from: number;
  /** Last lost position; 0 if it cannot be told. */
  readonly last: number;
  readonly lostCount: number;
}

/**
 * Send a listener what is retained of a topic between two positions, before anything that is ordered later. It is read
 * when the peer takes it, and what is retained no longer by then is a gap.
 */
export interface Replay {
  readonly kind: "replay";
  readonly to: SessionKey;
  readonly topic: string;
  readonly epoch: string;
  /** First position; not above the last. */
  readonly from: number;
  readonly last: number;
}

/** What can be sent of a replay at one moment: the gap first, then the deliveries. */
export interface ReplaySlice {
  /** What has left the log; undefined for nothing. */
  readonly gap: Gap | undefined;
  readonly deliveries: readonly Deliver[];
  /** Where the next slice begins; above the replay's last position once there is none. */
  readonly next: number;
}

/**
 * Hand one result to the listeners of the audience, and to the callers that gather it.
 *
 * On a listener's stream after everything ordered earlier, but for effects that an open batch of the same lane may
 * overtake; the deliveries of one topic never overtake each other. On a caller's stream after the acceptance, before the
 * summary, and in the order of the ordinals.
 */
export interface Deliver {
  readonly kind: "deliver";
  /** Deliveries with the same lane have the same audience. {@link NO_LANE} if the audience is empty. */
  readonly lane: Lane;
  /** Sessions of the listeners, none twice. */
  readonly audience: readonly SessionKey[];
  readonly callers: readonly SessionKey[];
  readonly requestId: string;
  readonly topic: string;
  readonly producerId: string;
  readonly group: string;
  /** From 1 within the request; 0 if late. */
  readonly ordinal: number;
  readonly more: boolean;
  /** From 1 within the topic's epoch; 0 if late or for the callers alone. */
  readonly sequence: number;
  readonly latencyMs: number;
  readonly receivedAt: Instant;
  readonly late: boolean;
  readonly context: TraceContext;
  readonly payload: Payload;
}

/**
 * Hand a summary to the listeners of the audience, and to the callers that gathered.
 *
 * On a listener's stream after every delivery in time that was ordered earlier. On a caller's stream the last event of
 * the request.
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

/** Answer a submission that was accepted; before every delivery and the summary of its request. */
export interface Accept {
  readonly kind: "accept";
  readonly to: SessionKey;
  readonly correlationId: string;
  readonly acceptance: Acceptance;
}

/** Answer a submission or call that was refused. */
export interface Reject {
  readonly kind: "reject";
  readonly to: SessionKey;
  readonly correlationId: string;
  readonly refusal: Refusal;
}

/** Answer a call that cancelled a request. */
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
 * Tell a peer that its stream is alive. Deliveries ordered earlier, and so those up to the cursors, come before it; later
 * ones may overtake it.
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
  readonly graceMs: number;
}

/** End a stream, with the refusal's status or with OK, after everything ordered for it earlier. */
export interface Close {
  readonly kind: "close";
  readonly to: SessionKey;
  readonly refusal: Refusal | undefined;
}

/** An order that concerns one session. */
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

/** Tell whoever watches. Only ordered while somebody does. */
export interface Observe {
  readonly kind: "observe";
  readonly fact: Fact;
}

/** Anything the core wants done. */
export type Effect = AddressedEffect | Deliver | Summarize | Observe;
