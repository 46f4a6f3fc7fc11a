/**
 * Views of the core's state, as plain values for people and metrics. They carry no payloads.
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
  /** "" for an anonymous one. */
  readonly principal: string;
  readonly sessionId: string;
  readonly displayName: string;
  readonly labels: ReadonlyMap<string, string>;
  /** The registrations, or the first ones only. */
  readonly registrations: readonly { readonly topic: string; readonly group: string }[];
  /** Number of all registrations. */
  readonly registrationCount: number;
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
  /** "" for an anonymous one. */
  readonly principal: string;
  readonly sessionId: string;
  /** The topics and patterns, or the first ones only. */
  readonly topics: readonly string[];
  /** Number of all topics and patterns. */
  readonly topicCount: number;
  readonly group: string;
  readonly bufferBytes: number;
  readonly openedAt: Instant;
  readonly peer: string;
}

/** Kind of an event in a request's life. */
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

/** One event in a request's life. */
export interface TimelineEvent {
  /** Time since acceptance, in milliseconds. */
  readonly atMs: number;
  readonly kind: TimelineKind;
  /** "" for events of the whole request. */
  readonly producerId: string;
  /** Of the producer; "" for an anonymous one, and for events of the whole request. */
  readonly principal: string;
  /** 0 for events of the whole request. */
  readonly attempt: number;
}

/** One request, pending or ended. */
export interface RequestView {
  readonly serial: number;
  readonly requestId: string;
  readonly topic: string;
  readonly acceptedAt: Instant;
  readonly ttlMs: number;
  readonly isPending: boolean;
  /** Its summary so far, or its final one. `reason` has a meaning only once the request has ended. */
  readonly summary: Summary;
}

/** Counters since the start of the core. */
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

/** Amounts of state. All are 0 once every session is closed, every request has ended and all memory has expired. */
export interface Counts {
  readonly topics: number;
  readonly registrations: number;
  readonly producers: number;
  /** Including those whose stream is still opening in parts. */
  readonly listeners: number;
  readonly callers: number;
  readonly pendingRequests: number;
  readonly pendingBytes: number;
  readonly outstandingAssignments: number;
  readonly waitingAssignments: number;
  readonly retainedDeliveries: number;
  readonly retainedBytes: number;
  readonly rememberedRequestIds: number;
  /** Deadlines that are set: of requests, heartbeats and sweeps. */
  readonly deadlines: number;
}

/** What is kept, in bytes; by the core, and for streams and connections. */
export interface Held {
  /** Bytes of all peers. 0, like {@link peers}, once every session is closed, every request has ended and memory has expired. */
  readonly peerBytes: number;
  /** Bytes that are charged to no peer, because several share them: retained results, records of ended requests, queues. */
  readonly commonBytes: number;
  /** Number of peers for which something is kept, or with a connection. */
  readonly peers: number;
}

/** The core's counts and totals at one instant. */
export interface Snapshot {
  readonly phase: "OPEN" | "DRAINING" | "CLOSED";
  readonly counts: Counts;
  readonly held: Held;
  /** Since the start. */
  readonly totals: Readonly<Totals>;
}

/** A request and the events of its life so far. */
export interface RequestHistory {
  readonly request: RequestView;
  readonly timeline: readonly TimelineEvent[];
}

/** An entry of a list that was visited. */
export interface Visit<T> {
  /** The key of the entry: its name, its identity, or its serial number as a text. */
  readonly key: string;
  /** Undefined if the filter excludes the entry. */
  readonly view: T | undefined;
  /** Number of entries, registrations and outcomes that were looked at for it. */
  readonly cost: number;
}

/**
 * Lists the core's state without changing it. The order of a list is stable as long as its entries are, so a list can
 * be read in pages. Each list is lazy: an entry is visited only when it is read. Read a list before the next step. In
 * lists, a producer shows at most 1,000 registrations, a listener 1,000 topics, and a request 1,000 outcomes.
 */
export interface Inspector {
  /** Topics by name, after a name. @param pattern - limits the list to topics it covers; "" for all. */
  topics(after: string, pattern: string): Iterable<Visit<TopicView>>;
  /** Producers by identity, after an identity. @param pattern - limits the list to producers on a topic it covers; "" for all. */
  producers(after: string, pattern: string): Iterable<Visit<ProducerView>>;
  /** Listeners by identity, after an identity. @param pattern - limits the list to listeners on a topic it covers; "" for all. */
  listeners(after: string, pattern: string): Iterable<Visit<ListenerView>>;
  /**
   * Pending requests and, unless `pendingOnly`, remembered ended ones; newest first.
   *
   * @param before - limits the list to requests with a lower serial number.
   * @param pattern - limits the list to requests on topics it covers; "" for all.
   */
  requests(before: number, pattern: string, pendingOnly: boolean): Iterable<Visit<RequestView>>;
  /** A connected producer by its identity, with at most this many of its registrations. */
  producer(identity: string, maxRegistrations: number): ProducerView | undefined;
  /** A connected listener by its identity, with at most this many of its topics. */
  listener(identity: string, maxTopics: number): ListenerView | undefined;
  /**
   * A request that is pending or remembered, with at most 2,000 of its targets.
   *
   * @param requester - the principal whose request it is; an anonymous one if absent.
   */
  request(requestId: string, requester?: string): RequestHistory | undefined;
}
