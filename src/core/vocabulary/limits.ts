/**
 * Every bound of the core, with its default and its reason. `docs/limits.md` lists the same; a test holds them equal.
 */

/** Bounds and defaults of the core. All counts and sizes are whole numbers of at least 1 unless said otherwise. */
export interface Limits {
  /** TTL of a request that names none, in milliseconds. Default 5,000: the value of the original. */
  readonly defaultTtlMs: number;
  /** Longest TTL a request may ask for, in milliseconds. Default 3,600,000 (1 h): state is kept that long. */
  readonly maxTtlMs: number;
  /** Requests in flight. Default 200,000: some 1 KB of state each with four targets. */
  readonly maxPendingRequests: number;
  /** Bytes of the requests in flight. Default 256 MiB. */
  readonly maxPendingBytes: number;
  /** Requests accepted per second, averaged over a second; 0 for no limit. Default 0. */
  readonly maxRequestsPerSecond: number;
  /** Open producer, listener and caller streams. Default 50,000: some 40 KB each. */
  readonly maxSessions: number;
  /** Topics with state. Default 200,000. */
  readonly maxTopics: number;
  /** Topics and patterns one producer or listener may hold. Default 10,000. */
  readonly maxRegistrationsPerSession: number;
  /** Window of a producer that names none. Default 256. */
  readonly defaultOutstanding: number;
  /** Largest window a producer may ask for. Default 65,536. */
  readonly maxOutstanding: number;
  /** Backlog of a producer that names none. Default 1,024. */
  readonly defaultBacklog: number;
  /** Largest backlog a producer may ask for. Default 65,536. */
  readonly maxBacklog: number;
  /** Queue of a listener that names none, in bytes. Default 4 MiB: several turns of a busy server. */
  readonly defaultBufferBytes: number;
  /** Smallest queue a listener may ask for, in bytes. Default 16 KiB. */
  readonly minBufferBytes: number;
  /** Largest queue a listener may ask for, in bytes. Default 64 MiB. */
  readonly maxBufferBytes: number;
  /** Bytes of deliveries retained for listeners that resume, over all topics; 0 retains none. Default 32 MiB. */
  readonly retainedBytes: number;
  /** Age of retained deliveries and of idle topics, in milliseconds. Default 60,000. */
  readonly retainedMs: number;
  /** Ended requests kept for look-up. Default 1,000. */
  readonly recentRequests: number;
  /** Shortest time for which a caller's request_id is remembered, in milliseconds. Default 120,000. */
  readonly idempotencyMs: number;
  /** Callers' request_ids remembered; the oldest go first. Default 65,536. */
  readonly rememberedRequestIds: number;
  /** Ended assignments remembered per producer, to tell late replies from unknown ones. Default 256. */
  readonly rememberedAssignments: number;
  /** Time between heartbeats on an idle stream, in milliseconds. Default 20,000: below every proxy's idle timeout. */
  readonly heartbeatMs: number;
}

/** The defaults; see {@link Limits} for the reasons. */
export const DEFAULT_LIMITS: Limits = {
  defaultTtlMs: 5_000,
  maxTtlMs: 3_600_000,
  maxPendingRequests: 200_000,
  maxPendingBytes: 256 * 1024 * 1024,
  maxRequestsPerSecond: 0,
  maxSessions: 50_000,
  maxTopics: 200_000,
  maxRegistrationsPerSession: 10_000,
  defaultOutstanding: 256,
  maxOutstanding: 65_536,
  defaultBacklog: 1_024,
  maxBacklog: 65_536,
  defaultBufferBytes: 4 * 1024 * 1024,
  minBufferBytes: 16 * 1024,
  maxBufferBytes: 64 * 1024 * 1024,
  retainedBytes: 32 * 1024 * 1024,
  retainedMs: 60_000,
  recentRequests: 1_000,
  idempotencyMs: 120_000,
  rememberedRequestIds: 65_536,
  rememberedAssignments: 256,
  heartbeatMs: 20_000,
};
