/**
 * What the core shows of itself, as plain values for people and metrics. No payloads.
 */
import type { Instant, SessionKey, Summary } from "./model.js";

/** One topic. */
export interface TopicView {
  readonly topic: string;
  readonly producerCount: number;
  readonly listenerCount: number;
  readonly pendingCount: number;
  readonly epoch: string;
  readonly sequence: number;
  readonly retainedCount: number;
  readonly retainedBytes: number;
}

/** One connected producer. */
export interface ProducerView {
  readonly producerId: string;
  readonly sessionId: string;
  readonly displayName: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly registrations: readonly { readonly topic: string; readonly group: string }[];
  readonly maxOutstanding: number;
  readonly outstandingCount: number;
  readonly backlogCount: number;
  readonly isDraining: boolean;
  readonly answeredCount: number;
  readonly failedCount: number;
  readonly missedCount: number;
  /** Undefined before the first answer. */
  readonly latencyP50Ms: number | undefined;
  readonly latencyP95Ms: number | undefined;
  readonly openedAt: Instant;
  readonly peer: string;
}

/** One connected listener. */
export interface ListenerView {
  readonly key: SessionKey;
  readonly listenerId: string;
  readonly sessionId: string;
  readonly topics: readonly string[];
  readonly group: string;
  readonly bufferBytes: number;
  readonly openedAt: Instant;
  readonly peer: string;
}

/** What happened in a request's life. */
export type TimelineKind =
  | "ACCEPTED"
  | "ASSIGNED"
  | "QUEUED"
  | "PARTIAL"
  | "ANSWERED"
  | "FAILED"
  | "DEPARTED"
  | "SATURATED"
  | "REVOKED"
  | "LATE"
  | "ENDED";

/** One step in a request's life. */
export interface TimelineEvent {
  /** Counted from acceptance. */
  readonly atMs: number;
  readonly kind: TimelineKind;
  /** "" for events of the whole request. */
  readonly producerId: string;
  /** 0 for events of the whole request. */
  readonly attempt: number;
}

/** One request, in flight or ended. */
export interface RequestView {
  readonly serial: number;
  readonly requestId: string;
  readonly topic: string;
  readonly acceptedAt: Instant;
  readonly ttlMs: number;
  readonly isPending: boolean;
  /** How it stands, or how it ended; of its reason only the latter counts. */
  readonly summary: Summary;
}

/** What the core did since its start. */
export interface Totals {
  acceptedRequests: number;
  rejectedRequests: number;
  assignments: number;
  results: number;
  lateResults: number;
  duplicateResults: number;
  unknownResults: number;
  cancelledResults: number;
  deliveries: number;
}

/** How much is held. All are 0 when every session is closed, every request has ended and every memory has faded. */
export interface Counts {
  readonly topics: number;
  readonly registrations: number;
  readonly producers: number;
  readonly listeners: number;
  readonly callers: number;
  readonly pendingRequests: number;
  readonly pendingBytes: number;
  readonly outstandingAssignments: number;
  readonly waitingAssignments: number;
  readonly retainedDeliveries: number;
  readonly retainedBytes: number;
  readonly rememberedRequestIds: number;
  /** Everything that will happen by itself: requests, heartbeats, and forgetting. */
  readonly deadlines: number;
}

/** What the core holds at one moment. */
export interface Snapshot {
  readonly phase: "OPEN" | "DRAINING" | "CLOSED";
  readonly counts: Counts;
  /** Since the start. */
  readonly totals: Readonly<Totals>;
}

/** A request, and what happened in its life so far. */
export interface RequestHistory {
  readonly request: RequestView;
  readonly timeline: readonly TimelineEvent[];
}

/**
 * Lists what the core holds, without changing it. The order of a list stays the same while its entries do, so that a list
 * can be read in pages. Each list is lazy: only entries that are taken from it are described. A list is read before the
 * next step.
 */
export interface Inspector {
  /** Topics by name, after a name. @param pattern - only those that it covers; "" for all. */
  topics(after: string, pattern: string): Iterable<TopicView>;
  /** Producers by id, after an id. @param topic - only those asked on it; "" for all. */
  producers(after: string, topic: string): Iterable<ProducerView>;
  /** Listeners by id, after an id. @param topic - only those on it; "" for all. */
  listeners(after: string, topic: string): Iterable<ListenerView>;
  /**
   * Pending requests and, unless left out, ended ones; the newest first.
   *
   * @param before - only those accepted before this serial number.
   * @param topic - only those on it; "" for all.
   */
  requests(before: number, topic: string, pendingOnly: boolean): Iterable<RequestView>;
  /** A request that is pending or remembered. */
  request(requestId: string): RequestHistory | undefined;
}
