/**
 * Every limit of the core, with its default and its reason. `docs/limits.md` lists them too; a test compares both.
 */

/** Bounds and defaults of the core. All counts and sizes are whole numbers of at least 1 unless said otherwise. */
export interface Limits {
  /** TTL of a request that names none, in milliseconds. Default 5,000: the value of the original. */
  readonly defaultTtlMs: number;
  /** Maximum TTL of a request, in milliseconds. Default 3,600,000 (1 h): state is held that long. */
  readonly maxTtlMs: number;
  /**
   * Maximum bytes that are held for all peers together. Default 0: the composition derives it from the memory of the
   * process; the core takes 0 for no limit.
   */
  readonly maxHeldBytes: number;
  /**
   * How many times what is left of a bound of all peers one peer may have, see `share.ts`. Default 1: a half for a peer that
   * is alone, a third for each of two. Range 0 to 100; 0 for no share.
   */
  readonly peerShare: number;
  /** Maximum number of pending requests. Default 200,000: about 1 KB of state each, with four targets. */
  readonly maxPendingRequests: number;
  /** Maximum bytes of payload, context and selector of all pending requests. Default 256 MiB. */
  readonly maxPendingBytes: number;
  /** Maximum rate of accepted requests, per second, averaged over a second; 0 for no limit. Default 0. */
  readonly maxRequestsPerSecond: number;
  /** Maximum number of open streams: producers, listeners, callers, watchers. Default 50,000: about 40 KB each. */
  readonly maxSessions: number;
  /** Maximum number of topics with state. Default 200,000. */
  readonly maxTopics: number;
  /** Maximum number of topics and patterns of one producer or listener. Default 10,000. */
  readonly maxRegistrationsPerSession: number;
  /** Credit of a producer that names none, in assignments. Default 256. */
  readonly defaultOutstanding: number;
  /** Maximum credit of a producer, in assignments. Default 65,536. */
  readonly maxOutstanding: number;
  /** Backlog of a producer that names none, in assignments. Default 1,024. */
  readonly defaultBacklog: number;
  /** Maximum backlog of a producer, in assignments. Default 65,536. */
  readonly maxBacklog: number;
  /**
   * Window of a producer, in bytes of assignments that were sent to it and that its connection has not taken. Default
   * 8 MiB. One assignment may always be sent, however large it is.
   */
  readonly producerBufferBytes: number;
  /** Queue of a listener that names none, in bytes. Default 4 MiB: several event-loop turns of a busy server. */
  readonly defaultBufferBytes: number;
  /** Minimum queue of a listener, in bytes. Default 16 KiB. */
  readonly minBufferBytes: number;
  /** Maximum queue of a listener, in bytes. Default 64 MiB. */
  readonly maxBufferBytes: number;
  /** Bytes of deliveries retained for listeners that resume, over all topics; 0 retains none. Default 32 MiB. */
  readonly retainedBytes: number;
  /** Maximum age of retained deliveries and of idle topics, in milliseconds. Default 60,000. */
  readonly retainedMs: number;
  /** Number of ended requests kept for look-up; 0 keeps none. Default 1,000. */
  readonly recentRequests: number;
  /** Minimum time for which a caller's request_id is remembered, in milliseconds. Default 120,000. */
  readonly idempotencyMs: number;
  /** Maximum number of remembered request_ids; the oldest of the peer, or of all, are evicted first. Default 65,536. */
  readonly rememberedRequestIds: number;
  /** Number of settled assignments remembered per producer, to tell late replies from unknown ones. Default 256. */
  readonly rememberedAssignments: number;
  /** Interval between heartbeats of a stream, in milliseconds. Default 20,000: below every proxy's idle timeout. */
  readonly heartbeatMs: number;
}

/** The defaults; see {@link Limits} for the reasons. */
export const DEFAULT_LIMITS: Limits = {
  defaultTtlMs: 5_000,
  maxTtlMs: 3_600_000,
  maxHeldBytes: 0,
  peerShare: 1,
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
  producerBufferBytes: 8 * 1024 * 1024,
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

/** Maximum number of labels of a producer, and of a selector. */
export const MAX_LABELS = 32;
/** Maximum number of producer ids in a selector. */
export const MAX_PRODUCER_IDS = 1_000;

/**
 * Maximum number of cursors of one listener, unless it may name more topics. A listener with wildcards may have as many
 * cursors, however few topics it may name.
 */
const MAX_CURSORS = 10_000;

/** Maximum number of cursors of one listener: those it resumes from, and those it is told when topics are added. */
export function maxCursors({
  maxRegistrationsPerSession,
}: Pick<Limits, "maxRegistrationsPerSession">): number {
  return Math.max(MAX_CURSORS, maxRegistrationsPerSession);
}
