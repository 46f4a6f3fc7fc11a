/**
 * The configuration keys of the core's limits. The defaults are defined in the core.
 */
import { DEFAULT_LIMITS, type Limits } from "../core/vocabulary/limits.js";
import { count, type Definition, duration, factor, size } from "./definition.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KIB = 1_024;
const GIB = 1_024 ** 3;
const core = DEFAULT_LIMITS;

/** Every limit of the core. The compiler reports a limit that is missing here. */
export const LIMIT_KEYS: { readonly [K in keyof Limits]: Definition<Limits[K]> } = {
  defaultTtlMs: duration(
    core.defaultTtlMs,
    1,
    7 * DAY,
    "TTL of a request that sets none",
    "The default of ate-dispatcher 0.1.0.",
  ),
  maxTtlMs: duration(
    core.maxTtlMs,
    1,
    7 * DAY,
    "Maximum TTL of a request; a longer one is INVALID_ARGUMENT",
    "A request stays in memory for its TTL.",
  ),
  maxHeldBytes: size(
    core.maxHeldBytes,
    0,
    1_024 * GIB,
    "Maximum bytes held for all peers; 0 for half of the heap limit or, if that is less, of the memory of the machine",
    "The other half is for messages in transit and for garbage; what exceeds the budget is RESOURCE_EXHAUSTED.",
  ),
  peerShare: factor(
    core.peerShare,
    0,
    100,
    "How many times what is left of a bound one peer may have; 0 for no share",
    "A peer that is alone gets a half, and two get a third each, so others find room; with 3, one peer may have 75 %.",
  ),
  maxPendingRequests: count(
    core.maxPendingRequests,
    1,
    10_000_000,
    "Maximum pending requests; further ones are RESOURCE_EXHAUSTED",
    "About 1 KB of state per request with four targets: 200 MB when full.",
  ),
  maxPendingBytes: size(
    core.maxPendingBytes,
    KIB,
    64 * GIB,
    "Maximum bytes of payload, context and selector of the pending requests; further ones are RESOURCE_EXHAUSTED",
    "A payload stays in memory until its request ends, for assignments that wait in a backlog.",
  ),
  maxRequestsPerSecond: count(
    core.maxRequestsPerSecond,
    0,
    10_000_000,
    "Maximum requests accepted per second, 0 for no limit; further ones are RESOURCE_EXHAUSTED with a retry delay",
    "Pending requests are bounded anyway; set a rate to protect producers from callers.",
  ),
  maxSessions: count(
    core.maxSessions,
    1,
    1_000_000,
    "Maximum open streams of producers, listeners, callers and watchers; further ones are RESOURCE_EXHAUSTED",
    "About 40 KB per stream: 2 GB when full.",
  ),
  maxTopics: count(
    core.maxTopics,
    1,
    10_000_000,
    "Maximum topics with state; a new one evicts the topic that is idle longest; if none is idle, it is RESOURCE_EXHAUSTED",
    "A topic costs memory while it has registrations, requests or retained results.",
  ),
  maxRegistrationsPerSession: count(
    core.maxRegistrationsPerSession,
    1,
    1_000_000,
    "Maximum topics and patterns per producer or listener",
    "A single peer cannot fill the routing tree.",
  ),
  defaultOutstanding: count(
    core.defaultOutstanding,
    1,
    1_000_000,
    "Maximum outstanding assignments of a producer that sets no number",
    "Enough to keep a fast producer busy over a slow link.",
  ),
  maxOutstanding: count(
    core.maxOutstanding,
    1,
    1_000_000,
    "Maximum `max_outstanding` that a producer may set",
    "The server tracks each outstanding assignment until it ends.",
  ),
  defaultBacklog: count(
    core.defaultBacklog,
    1,
    1_000_000,
    "Maximum assignments in the backlog of a producer that sets no number; further ones are SATURATED",
    "Four times the default credit; an assignment that waits longer mostly expires before it is sent.",
  ),
  maxBacklog: count(
    core.maxBacklog,
    1,
    1_000_000,
    "Maximum `max_backlog` that a producer may set",
    "Each waiting assignment keeps its request in memory.",
  ),
  producerBufferBytes: size(
    core.producerBufferBytes,
    KIB,
    GIB,
    "Maximum bytes of assignments sent to a producer that its connection has not taken; further ones wait in its backlog",
    "A producer that reads at all is never behind by more; the queue of its other events has the same bound.",
  ),
  defaultBufferBytes: size(
    core.defaultBufferBytes,
    KIB,
    GIB,
    "Maximum bytes queued for a listener that sets no number; then it loses the oldest results, or is disconnected",
    "Enough for several event-loop turns of a busy server or a garbage collection pause; not for a dead reader.",
  ),
  minBufferBytes: size(
    core.minBufferBytes,
    KIB,
    GIB,
    "Minimum `buffer_bytes` that a listener may set",
    "With less, a burst of a few results would already cause a loss.",
  ),
  maxBufferBytes: size(
    core.maxBufferBytes,
    KIB,
    GIB,
    "Maximum `buffer_bytes` that a listener may set",
    "Slow listeners hold at most this much memory each.",
  ),
  retainedBytes: size(
    core.retainedBytes,
    0,
    64 * GIB,
    "Maximum bytes of results retained for listeners that reconnect, over all topics; 0 retains none",
    "The oldest results are evicted first; a listener that resumes too late gets a gap.",
  ),
  retainedMs: duration(
    core.retainedMs,
    1,
    7 * DAY,
    "Maximum age of retained results and of idle topics",
    "A listener restarts in less than a minute.",
  ),
  recentRequests: count(
    core.recentRequests,
    0,
    1_000_000,
    "Ended requests that can still be looked up; 0 for none",
    "Enough to inspect the requests of the last moments.",
  ),
  idempotencyMs: duration(
    core.idempotencyMs,
    0,
    7 * DAY,
    "Minimum time that a caller's request_id is remembered; twice the TTL if that is longer",
    "Callers and meshes have stopped retrying by then.",
  ),
  rememberedRequestIds: count(
    core.rememberedRequestIds,
    1,
    10_000_000,
    "Maximum remembered request_ids of callers; the oldest are evicted first",
    "Bounds the memory for requests whose id the caller chose.",
  ),
  rememberedAssignments: count(
    core.rememberedAssignments,
    1,
    1_000_000,
    "Ended assignments remembered per producer, to distinguish late replies from unknown ones",
    "As many as the default credit.",
  ),
  heartbeatMs: duration(
    core.heartbeatMs,
    10,
    HOUR,
    "Interval of heartbeats on every stream",
    "Below the idle timeout of every common proxy, which is usually 60 s.",
  ),
};
