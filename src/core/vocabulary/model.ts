/**
 * The data types of the core: plain values, with no behaviour, wire types or call objects.
 */

/** An instant on the process's monotonic clock, in milliseconds with fractions. Never a time of day. */
export type Instant = number;

/** Identifies one open stream or call inside this process. Never reused, never sent to a peer. */
export type SessionKey = number;

/**
 * Bytes that the core passes on without reading them: a caller's Request or a producer's Result.
 *
 * `byteLength` would be the natural way to ask for their size, but compiled code calls into V8's runtime for it, which
 * took a fortieth of the server's own time. Hot paths therefore use `length`, which the compiler reads inline. The rule
 * can go when V8 also compiles `byteLength` to an inline read.
 */
export type Payload = Uint8Array;

/**
 * The minimum size of a payload that the messages for one peer refer to instead of holding a copy, in bytes. However many
 * peers such a payload waits for, it is in memory once. Measured: from 4 KiB on, a delivery would cost a fifth more CPU,
 * because each part of a message is a write of its own; from 8 KiB on, as much as with a copy.
 */
export const MIN_SHARED_BYTES = 8 * 1024;

/**
 * The same for messages that many listeners receive, and for the retained log, in bytes. A copy there is one for all of
 * them, and their writes are many.
 */
export const MIN_LARGE_BYTES = 64 * 1024;

/** Trace context of a request, as key and value pairs. */
export type TraceContext = readonly (readonly [key: string, value: string])[];

/** A request without trace context. */
export const NO_CONTEXT: TraceContext = [];

/** What happens to a request that no producer can be asked for. */
export type NoProducersAction = "COMPLETE" | "FAIL" | "WAIT";

/** What happens to outstanding assignments when a gather ends early. */
export type LoserAction = "CANCEL" | "LET_RUN";

/** What happens when a listener reads too slowly. */
export type OverflowAction = "DROP_OLDEST" | "DISCONNECT";

/** Why a stream will end. */
export type GoAwayReason = "SHUTDOWN" | "CONNECTION_AGE";

/** Stands for an enum number that this version does not know; admission rejects it. */
export type Unknown = "UNKNOWN_ENUM_VALUE";

/** Stands for a value that protobuf does not allow in its field; admission rejects it. */
export type Malformed = "MALFORMED";

/** The goal that ends a gather early. */
export type Until =
  | { readonly kind: "all" }
  | { readonly kind: "resultCount"; readonly count: number }
  | { readonly kind: "quorumPercent"; readonly percent: number }
  | { readonly kind: "firstSuccess"; readonly isSet: boolean };

/** The policy that says when a gather ends; always bounded by the TTL. */
export interface Completion {
  readonly until: Until;
  /** Maximum time from one result to the next, in milliseconds; undefined for no limit. */
  readonly stallTimeoutMs: number | Malformed | undefined;
  /** Number of results that satisfies the request; 0 leaves that to `until`. */
  readonly minResults: number;
  readonly countErrors: boolean;
  readonly loserAction: LoserAction | Unknown;
}

/** Ends when every assignment is settled; the policy of a request that names none. */
export const COMPLETE_ALL: Completion = {
  until: { kind: "all" },
  stallTimeoutMs: undefined,
  minResults: 0,
  countErrors: false,
  loserAction: "CANCEL",
};

/** Restricts a request to some of the topic's producers. */
export interface Selector {
  /** Empty for no restriction. An id means the producers of all principals that have it. */
  readonly producerIds: readonly string[];
  /** Principals of producers. Empty for no restriction. */
  readonly principals: readonly string[];
  /** Empty for no restriction. */
  readonly matchLabels: readonly (readonly [key: string, value: string])[];
  /** 0 for no limit. */
  readonly maxTargets: number;
}

/** A request as the edge decoded it: the routing fields, and the payload unread. */
export interface RequestSpec {
  readonly topic: string;
  /** In milliseconds; undefined if absent. */
  readonly ttlMs: number | Malformed | undefined;
  /** The caller's idempotency key, or "" if it gave none. */
  readonly requestId: string;
  readonly completion: Completion;
  readonly selector: Selector | undefined;
  readonly noProducersAction: NoProducersAction | Unknown;
  readonly payload: Payload;
}

/** A producer's membership in a topic or pattern. */
export interface Registration {
  readonly topic: string;
  /** "" for none: the producer is asked for every request. */
  readonly group: string;
  /** Whether peers of other principals may be members of the group; false if absent. */
  readonly isGroupShared?: boolean;
}

/** One producer that a request was scattered to. */
export interface Target {
  readonly producerId: string;
  /** Of the producer; "" for an anonymous one. */
  readonly principal: string;
  readonly group: string;
}

/** Confirms that a request was accepted: its targets and its deadline. */
export interface Acceptance {
  readonly requestId: string;
  readonly targets: readonly Target[];
  readonly listenerCount: number;
  readonly ttlMs: number;
  readonly deadlineAt: Instant;
}

/** Why a request ended. */
export type EndReason =
  | "ALL_ANSWERED"
  | "POLICY_MET"
  | "STALLED"
  | "EXPIRED"
  | "CANCELLED"
  | "NO_PRODUCERS"
  | "SHUTDOWN";

/** Why assignments were revoked. */
export type RevocationReason = "EXPIRED" | "COMPLETED" | "REQUESTED" | "CALLER_GONE" | "SHUTDOWN";

/** The final state of one assignment. */
export type OutcomeState = "ANSWERED" | "FAILED" | "MISSED" | "DEPARTED" | "SATURATED" | "CANCELLED" | "LATE";

/**
 * The state of an assignment: WAITING for its producer's credit, OUT with the producer, or settled with an outcome.
 *
 * ```
 *   WAITING ──credit──▶ OUT ──reply──▶ ANSWERED | FAILED
 *      │                 └──ttl──▶ MISSED ──reply──▶ LATE
 *      └──────▶ SATURATED | DEPARTED | CANCELLED ◀── (either)
 * ```
 */
export type AssignmentState = "WAITING" | "OUT" | OutcomeState;

/** How the server classified one reply. */
export type DispositionState = "ACCEPTED" | "LATE" | "DUPLICATE" | "UNKNOWN" | "CANCELLED";

/** Why a listener lost deliveries. */
export type GapReason = "SLOW_LISTENER" | "RETENTION" | "EPOCH_CHANGED";

/** Code and message of a producer's failure. */
export interface Failure {
  readonly code: number;
  readonly message: string;
}

/** Maximum length of a failure's message in what is kept or shown after the end of its request, in characters. */
export const MAX_KEPT_FAILURE = 256;

/** The outcome of one target of a request. */
export interface Outcome {
  readonly producerId: string;
  /** Of the producer; "" for an anonymous one. */
  readonly principal: string;
  readonly group: string;
  /** PENDING only when a pending request is looked up. */
  readonly state: OutcomeState | "PENDING";
  /** From acceptance to the target's last result, in milliseconds; undefined if it sent none. */
  readonly latencyMs: number | undefined;
  readonly resultCount: number;
  readonly failure: Failure | undefined;
}

/** How a request ended; there is exactly one per request. */
export interface Summary {
  readonly requestId: string;
  /** The principal whose request it is; "" for an anonymous one. */
  readonly requester: string;
  readonly topic: string;
  readonly reason: EndReason;
  readonly satisfied: boolean;
  readonly targetedCount: number;
  readonly answeredCount: number;
  readonly failedCount: number;
  readonly elapsedMs: number;
  /** One per target, in the order in which they were asked; undefined if no peer receives the summary. */
  readonly outcomes: readonly Outcome[] | undefined;
}

/** A position in a topic's numbering, which is valid for one epoch. */
export interface Cursor {
  readonly topic: string;
  readonly epoch: string;
  readonly sequence: number;
}

/** No sessions. */
export const NO_SESSIONS: readonly SessionKey[] = [];

/**
 * Identifies a run of deliveries, or of summaries, that may share one batch. They have the same listeners, and since
 * the first of the run no effect was emitted that these listeners must receive in between. Numbers are never reused.
 */
export type Lane = number;

/** The lane of effects without listeners, which join no batch. */
export const NO_LANE: Lane = 0;
