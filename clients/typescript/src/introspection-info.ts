import type { Summary, SummaryReasonName } from "./summary.js";

/** A dispatcher process, and what it holds and has done. */
export interface ServerInfo {
  /** The process; changes at its restart. */
  readonly serverId: string;
  /** The version of ate-dispatcher. */
  readonly version: string;
  /** What it runs on, such as `node 22.23.0`. */
  readonly runtimeVersion: string;
  /** When it started, by its wall clock. */
  readonly startTime: Date;
  /** How long it has been running, in milliseconds, by its monotonic clock. */
  readonly uptimeMs: number;
  /** Whether it is draining: it takes no new requests. */
  readonly draining: boolean;
  /** Its limits by name, in the unit the name says. */
  readonly limits: Readonly<Record<string, number>>;
  /** What it holds at this moment. */
  readonly counts: ServerCounts;
  /** What it did since its start. */
  readonly totals: ServerTotals;
}

/** How much a dispatcher holds at one moment. */
export interface ServerCounts {
  /** Topics with a registration, a pending request or retained results. */
  readonly topics: number;
  /** Connected producers. */
  readonly producers: number;
  /** Connected listeners. */
  readonly listeners: number;
  /** Requests in flight. */
  readonly pendingRequests: number;
  /** Assignments out with producers. */
  readonly outstandingAssignments: number;
  /** Assignments that wait for their producer's turn. */
  readonly waitingAssignments: number;
  /** Bytes of results retained for listeners that connect again. */
  readonly retainedBytes: number;
}

/** What a dispatcher did since its start; two of them, and the `uptimeMs` between, make a rate. */
export interface ServerTotals {
  /** Requests accepted. */
  readonly acceptedRequests: number;
  /** Requests refused. */
  readonly rejectedRequests: number;
  /** Assignments sent. */
  readonly assignments: number;
  /** Results that came in time. */
  readonly results: number;
  /** Results that came late. */
  readonly lateResults: number;
  /** Replies that came twice. */
  readonly duplicateResults: number;
  /** Replies to assignments that are not known. */
  readonly unknownResults: number;
  /** Replies to assignments that had been revoked. */
  readonly cancelledResults: number;
  /** Deliveries handed to listeners and requesters, one a receiver. */
  readonly deliveries: number;
  /** Deliveries lost to slow listeners. */
  readonly droppedDeliveries: number;
}

/** One topic. */
export interface TopicInfo {
  /** Its name, without wildcards. */
  readonly topic: string;
  /** Producers that are asked on it. */
  readonly producerCount: number;
  /** Listeners that hear of it. */
  readonly listenerCount: number;
  /** Requests in flight. */
  readonly pendingCount: number;
  /** Which run of its numbering it is in. */
  readonly epoch: string;
  /** The last position in its arrival order. */
  readonly sequence: bigint;
  /** Results that are retained. */
  readonly retainedCount: number;
  /** Their bytes. */
  readonly retainedBytes: number;
}

/** One connected producer. */
export interface ProducerInfo {
  /** Its id. */
  readonly producerId: string;
  /** Its session. */
  readonly sessionId: string;
  /** Its name for people; may be empty. */
  readonly displayName: string;
  /** Its labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Topics and patterns it is registered on, each with its group; empty without one. */
  readonly registrations: readonly { readonly topic: string; readonly group: string }[];
  /** How many assignments it takes at a time. */
  readonly maxOutstanding: number;
  /** Assignments it owes. */
  readonly outstandingCount: number;
  /** Assignments that wait for their turn with it. */
  readonly backlogCount: number;
  /** Whether it is leaving. */
  readonly draining: boolean;
  /** Final answers without an error. */
  readonly answeredCount: number;
  /** Final answers with an error. */
  readonly failedCount: number;
  /** Assignments it let expire. */
  readonly missedCount: number;
  /** Median time from assignment to final answer, over recent ones, in milliseconds; undefined before the first. */
  readonly latencyP50Ms: number | undefined;
  /** The 95th percentile of the same. */
  readonly latencyP95Ms: number | undefined;
  /** When it connected, by the server's wall clock. */
  readonly connectTime: Date;
  /** Address of its connection, as the server sees it. */
  readonly peer: string;
}

/** One connected listener. */
export interface ListenerInfo {
  /** Its id. */
  readonly listenerId: string;
  /** Its session. */
  readonly sessionId: string;
  /** Its topics and patterns. */
  readonly topics: readonly string[];
  /** Its group; empty without one. */
  readonly group: string;
  /** Bytes that wait for it. */
  readonly queuedBytes: number;
  /** How many may wait; beyond that it loses the oldest, or is disconnected. */
  readonly bufferBytes: number;
  /** Deliveries handed to it. */
  readonly deliveredCount: number;
  /** Deliveries it lost by reading too slowly. */
  readonly droppedCount: number;
  /** When it connected, by the server's wall clock. */
  readonly connectTime: Date;
  /** Address of its connection, as the server sees it. */
  readonly peer: string;
}

/** One request, in flight or ended recently. */
export interface RequestInfo {
  /** Its id. */
  readonly requestId: string;
  /** Its topic. */
  readonly topic: string;
  /** When it was accepted, by the server's wall clock. */
  readonly acceptTime: Date;
  /** Its TTL, in milliseconds. */
  readonly ttlMs: number;
  /** Whether it is still in flight. */
  readonly pending: boolean;
  /** How it stands, or how it ended. */
  readonly summary: RequestStanding;
}

/** How a request stands, or how it ended. While it is in flight, the state of who may still answer is PENDING. */
export interface RequestStanding extends Omit<Summary, "reason"> {
  /** Why it ended; undefined while it is in flight. */
  readonly reason: SummaryReasonName | undefined;
}

/** A request with all that happened to it. */
export interface RequestDetails extends RequestInfo {
  /** What happened, in order. */
  readonly timeline: readonly TimelineEvent[];
}

/** One step in a request's life. */
export interface TimelineEvent {
  /** When, in milliseconds from the request's acceptance. */
  readonly atMs: number;
  /** What. */
  readonly kind: TimelineKindName;
  /** Which producer; empty for ACCEPTED and ENDED. */
  readonly producerId: string;
  /** From 1; more after a fail-over inside a group. 0 for ACCEPTED and ENDED. */
  readonly attempt: number;
}

/** What happened in a request's life. A server newer than this library may send a further one, as its number. */
export type TimelineKindName =
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
