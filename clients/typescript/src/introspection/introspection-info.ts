import type { Summary, SummaryReasonName } from "../values/summary.js";

/** A dispatcher process: its version, limits, present state and totals. */
export interface ServerInfo {
  /** The id of the process; a restart changes it. */
  readonly serverId: string;
  /** The version of ate-dispatcher. */
  readonly version: string;
  /** The runtime of the server, such as `node 22.23.0`. */
  readonly runtimeVersion: string;
  /** When the process started, by the server's wall clock. */
  readonly startTime: Date;
  /** How long the process has run, in milliseconds, by the server's monotonic clock. */
  readonly uptimeMs: number;
  /** Whether the server is draining, that is, rejects new requests. */
  readonly draining: boolean;
  /** The limits by name; the suffix of the name is the unit. */
  readonly limits: Readonly<Record<string, number>>;
  /** What the server holds at this moment. */
  readonly counts: ServerCounts;
  /** What the server has done since its start. */
  readonly totals: ServerTotals;
}

/** What a dispatcher holds at one moment. */
export interface ServerCounts {
  /** Topics with a registration, a pending request or retained results. */
  readonly topics: number;
  /** Connected producers. */
  readonly producers: number;
  /** Connected listeners. */
  readonly listeners: number;
  /** Pending requests. */
  readonly pendingRequests: number;
  /** Assignments that are sent and not answered yet. */
  readonly outstandingAssignments: number;
  /** Assignments that wait for credit of their producer. */
  readonly waitingAssignments: number;
  /** Size of the results retained for listeners that reconnect, in bytes. */
  readonly retainedBytes: number;
}

/**
 * What a dispatcher has done since its start. Divide the difference of two by the difference of `uptimeMs` for a
 * rate.
 */
export interface ServerTotals {
  /** Requests accepted. */
  readonly acceptedRequests: number;
  /** Requests rejected. */
  readonly rejectedRequests: number;
  /** Assignments sent. */
  readonly assignments: number;
  /** Results that arrived in time. */
  readonly results: number;
  /** Results that arrived after their request had ended. */
  readonly lateResults: number;
  /** Replies to assignments that had been answered. */
  readonly duplicateResults: number;
  /** Replies to assignments that the dispatcher does not know. */
  readonly unknownResults: number;
  /** Replies to assignments that had been revoked. */
  readonly cancelledResults: number;
  /** Deliveries to listeners and requesters; a result with two receivers counts twice. */
  readonly deliveries: number;
  /** Deliveries dropped because the listener read too slowly. */
  readonly droppedDeliveries: number;
}

/** One topic. */
export interface TopicInfo {
  /** The topic's name, without wildcards. */
  readonly topic: string;
  /** Producers that are asked on this topic. */
  readonly producerCount: number;
  /** Listeners that receive the results of this topic. */
  readonly listenerCount: number;
  /** Pending requests. */
  readonly pendingCount: number;
  /** The epoch of the topic's numbering. */
  readonly epoch: string;
  /** The last sequence that was assigned in this epoch. */
  readonly sequence: bigint;
  /** Results retained for listeners that reconnect. */
  readonly retainedCount: number;
  /** Size of the retained results, in bytes. */
  readonly retainedBytes: number;
}

/** One connected producer. */
export interface ProducerInfo {
  /** The producer's id. */
  readonly producerId: string;
  /** The producer's principal; empty if the producer is anonymous. */
  readonly principal: string;
  /** The id of its session. */
  readonly sessionId: string;
  /** The name to display; may be empty. */
  readonly displayName: string;
  /** The labels that selectors match. */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * Topics and patterns that the producer is registered for: at most 1,000 in a list, and at most 100 in an event of a
   * watch. `group` is empty without a group.
   */
  readonly registrations: readonly { readonly topic: string; readonly group: string }[];
  /** Number of all registrations of the producer. */
  readonly registrationCount: number;
  /** The maximum number of outstanding assignments. */
  readonly maxOutstanding: number;
  /** Assignments that are sent to the producer and not answered yet. */
  readonly outstandingCount: number;
  /** Assignments that wait for credit. */
  readonly backlogCount: number;
  /** Whether the producer is draining, that is, gets no new assignments. */
  readonly draining: boolean;
  /** Final results without an error, in this session. */
  readonly answeredCount: number;
  /** Final results with an error, in this session. */
  readonly failedCount: number;
  /** Assignments that expired without a final result, in this session. */
  readonly missedCount: number;
  /**
   * Median time from assignment to final result over recent assignments, in milliseconds; undefined before the first.
   */
  readonly latencyP50Ms: number | undefined;
  /** 95th percentile of the same time, in milliseconds; undefined before the first final result. */
  readonly latencyP95Ms: number | undefined;
  /** When the session started, by the server's wall clock. */
  readonly connectTime: Date;
  /** The peer's address, as the server sees it. */
  readonly peer: string;
}

/** One connected listener. */
export interface ListenerInfo {
  /** The listener's id. */
  readonly listenerId: string;
  /** The listener's principal; empty if the listener is anonymous. */
  readonly principal: string;
  /** The id of its session. */
  readonly sessionId: string;
  /** The listener's topics and patterns: at most 1,000 in a list, and at most 100 in an event of a watch. */
  readonly topics: readonly string[];
  /** Number of all topics and patterns of the listener. */
  readonly topicCount: number;
  /** The listener's group; empty without one. */
  readonly group: string;
  /** Size of the deliveries queued for the listener, in bytes. */
  readonly queuedBytes: number;
  /** The limit of `queuedBytes`. Beyond it, the server drops the oldest deliveries or ends the session. */
  readonly bufferBytes: number;
  /** Deliveries sent to the listener. */
  readonly deliveredCount: number;
  /** Deliveries dropped because the listener read too slowly. */
  readonly droppedCount: number;
  /** When the session started, by the server's wall clock. */
  readonly connectTime: Date;
  /** The peer's address, as the server sees it. */
  readonly peer: string;
}

/** One request, pending or recently ended. */
export interface RequestInfo {
  /** The request's id. */
  readonly requestId: string;
  /** The request's topic. */
  readonly topic: string;
  /** When the dispatcher accepted the request, by the server's wall clock. */
  readonly acceptTime: Date;
  /** The request's TTL, in milliseconds. */
  readonly ttlMs: number;
  /** Whether the request is still pending. */
  readonly pending: boolean;
  /**
   * The summary of an ended request, or the counts and outcomes so far. In a list, it has at most 1,000 outcomes, and
   * the texts of their errors are cut after 256 characters.
   */
  readonly summary: RequestSummary;
}

/** The summary of a request, also of a pending one, where targets that may still answer have the state PENDING. */
export interface RequestSummary extends Omit<Summary, "reason"> {
  /** Why the request ended; undefined while it is pending. */
  readonly reason: SummaryReasonName | undefined;
}

/** A request with its timeline. */
export interface RequestDetails extends RequestInfo {
  /** The steps of the request and of its first 2,000 targets, in order. */
  readonly timeline: readonly TimelineEvent[];
}

/** One step of a request. */
export interface TimelineEvent {
  /** When the step happened, in milliseconds from the request's acceptance. */
  readonly atMs: number;
  /** The kind of the step. */
  readonly kind: TimelineKindName;
  /** The producer concerned; empty for ACCEPTED and ENDED. */
  readonly producerId: string;
  /** The principal of the producer; empty if the producer is anonymous, and for ACCEPTED and ENDED. */
  readonly principal: string;
  /** From 1, one more after each fail-over inside a group. 0 for ACCEPTED and ENDED. */
  readonly attempt: number;
}

/**
 * The kinds of {@link TimelineEvent}. A kind that this version of the library does not know appears as its decimal
 * number.
 */
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
