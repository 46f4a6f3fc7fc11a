/**
 * The words the core speaks: plain values without behaviour, wire types or call objects.
 */

/** A point on the process's monotonic clock, in milliseconds with fractions. Never a time of day. */
export type Instant = number;

/** Names one open stream or call inside this process. Never reused, never sent to a peer. */
export type SessionKey = number;

/**
 * Bytes that pass through unread: a requester's Request or a producer's Result. Where they come by the hundred thousand,
 * they are asked for their `length`: for `byteLength` compiled code calls into V8, a fortieth of the server's own time.
 */
export type Payload = Uint8Array;

/** Trace context of a request, as key and value pairs. */
export type TraceContext = readonly (readonly [key: string, value: string])[];

/** A request without trace context. */
export const NO_CONTEXT: TraceContext = [];

/** What happens to a request that finds nobody to ask. */
export type NoProducersAction = "COMPLETE" | "FAIL" | "WAIT";

/** What becomes of assignments still out when a gather ends early. */
export type LoserAction = "CANCEL" | "LET_RUN";

/** What happens to a listener that reads too slowly. */
export type OverflowAction = "DROP_OLDEST" | "DISCONNECT";

/** Stands for an enum number that this version does not know; admission refuses it. */
export type Unknown = "UNKNOWN_ENUM_VALUE";

/** Stands for a value that protobuf does not allow in its field; admission refuses it. */
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
  /** Maximum silence after a result, in milliseconds; undefined for no limit. */
  readonly stallTimeoutMs: number | Malformed | undefined;
  /** Results that make the summary satisfied; 0 leaves that to `until`. */
  readonly minResults: number;
  readonly countErrors: boolean;
  readonly loserAction: LoserAction | Unknown;
}

/** Ends when every target has finished; the policy of a request that names none. */
export const COMPLETE_ALL: Completion = {
  until: { kind: "all" },
  stallTimeoutMs: undefined,
  minResults: 0,
  countErrors: false,
  loserAction: "CANCEL",
};

/** Narrows a topic's producers to those a request is for. */
export interface Selector {
  /** Empty for no restriction. */
  readonly producerIds: readonly string[];
  /** Empty for no restriction. */
  readonly matchLabels: readonly (readonly [key: string, value: string])[];
  /** 0 for no limit. */
  readonly maxTargets: number;
}

/** A request as the edge read it: routing fields, and the rest unread. */
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
  /** "" for none: asked always. */
  readonly group: string;
}

/** One producer that a request was scattered to. */
export interface Target {
  readonly producerId: string;
  readonly group: string;
}

/** Says that a request was taken, who is asked and until when. */
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

/** Why assignments were withdrawn. */
export type RevocationReason = "EXPIRED" | "COMPLETED" | "REQUESTED" | "CALLER_GONE" | "SHUTDOWN";

/** The fate of one target. */
export type OutcomeState = "ANSWERED" | "FAILED" | "MISSED" | "DEPARTED" | "SATURATED" | "CANCELLED" | "LATE";

/**
 * Where an assignment stands: WAITING for its producer's credit, OUT with the producer, or at its outcome.
 *
 * ```
 *   WAITING ──credit──▶ OUT ──reply──▶ ANSWERED | FAILED
 *      │                 └──ttl──▶ MISSED ──reply──▶ LATE
 *      └──────▶ SATURATED | DEPARTED | CANCELLED ◀── (either)
 * ```
 */
export type AssignmentState = "WAITING" | "OUT" | OutcomeState;

/** What became of one reply. */
export type DispositionState = "ACCEPTED" | "LATE" | "DUPLICATE" | "UNKNOWN" | "CANCELLED";

/** Why deliveries were lost to a listener. */
export type GapReason = "SLOW_LISTENER" | "RETENTION" | "EPOCH_CHANGED";

/** Code and message of a producer's failure. */
export interface Failure {
  readonly code: number;
  readonly message: string;
}

/** What became of one target of a request. */
export interface Outcome {
  readonly producerId: string;
  readonly group: string;
  /** PENDING only when the request is looked up in flight. */
  readonly state: OutcomeState | "PENDING";
  /** From acceptance to its last result; undefined if it sent none. */
  readonly latencyMs: number | undefined;
  readonly resultCount: number;
  readonly failure: Failure | undefined;
}

/** The one end of a request. */
export interface Summary {
  readonly requestId: string;
  readonly topic: string;
  readonly reason: EndReason;
  readonly satisfied: boolean;
  readonly targetedCount: number;
  readonly answeredCount: number;
  readonly failedCount: number;
  readonly elapsedMs: number;
  /** One per target, in the order in which they were asked; undefined if nobody hears the summary. */
  readonly outcomes: readonly Outcome[] | undefined;
}

/** A position in a topic's arrival order. */
export interface Cursor {
  readonly topic: string;
  readonly epoch: string;
  readonly sequence: number;
}

/** No receivers. */
export const NOBODY: readonly SessionKey[] = [];

/**
 * Names a run of deliveries, or of summaries, that may travel in one batch: they have the same listeners, and nothing
 * that these listeners must hear in between was ordered since the first of the run. Numbers are never reused.
 */
export type Lane = number;

/** The lane of effects for no listener, which travel in no batch of listeners. */
export const NO_LANE: Lane = 0;
