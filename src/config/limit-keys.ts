/**
 * The keys of the core's limits. Their defaults are the core's own.
 */
import { DEFAULT_LIMITS, type Limits } from "../core/limits.js";
import { count, type Definition, duration, size } from "./definition.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KIB = 1_024;
const GIB = 1_024 ** 3;
const core = DEFAULT_LIMITS;

/** Every limit of the core; one that is missing here does not compile. */
export const LIMIT_KEYS: { readonly [K in keyof Limits]: Definition<Limits[K]> } = {
  defaultTtlMs: duration(
    core.defaultTtlMs,
    1,
    7 * DAY,
    "TTL of a request that names none",
    "The value of the original.",
  ),
  maxTtlMs: duration(
    core.maxTtlMs,
    1,
    7 * DAY,
    "Longest TTL a request may ask for; more is INVALID_ARGUMENT",
    "A request is kept that long in memory; gRPC deadlines end at 24.8 days.",
  ),
  maxPendingRequests: count(
    core.maxPendingRequests,
    1,
    10_000_000,
    "Requests in flight; more are RESOURCE_EXHAUSTED",
    "Some 1 KB of state each with four targets: 200 MB when full.",
  ),
  maxPendingBytes: size(
    core.maxPendingBytes,
    KIB,
    64 * GIB,
    "Bytes of the requests in flight; more are RESOURCE_EXHAUSTED",
    "Payloads are kept until the end, for producers that wait their turn.",
  ),
  maxRequestsPerSecond: count(
    core.maxRequestsPerSecond,
    0,
    10_000_000,
    "Requests accepted per second, 0 for no limit; more are RESOURCE_EXHAUSTED with a time to retry",
    "Pending requests are bounded anyway; a rate is for fencing off callers.",
  ),
  maxSessions: count(
    core.maxSessions,
    1,
    1_000_000,
    "Open producer, listener and caller streams; more are RESOURCE_EXHAUSTED",
    "Some 40 KB each: 2 GB when full.",
  ),
  maxTopics: count(
    core.maxTopics,
    1,
    10_000_000,
    "Topics with state; the longest idle is forgotten for a new one, or the new one is RESOURCE_EXHAUSTED",
    "A topic costs memory as long as it has registrations, requests or retained results.",
  ),
  maxRegistrationsPerSession: count(
    core.maxRegistrationsPerSession,
    1,
    1_000_000,
    "Topics and patterns one producer or listener may hold",
    "One peer cannot fill the routing tree on its own.",
  ),
  defaultOutstanding: count(
    core.defaultOutstanding,
    1,
    1_000_000,
    "Assignments a producer may owe at a time if it names no number",
    "Enough to keep a fast producer busy over a slow link.",
  ),
  maxOutstanding: count(
    core.maxOutstanding,
    1,
    1_000_000,
    "Largest such number a producer may ask for",
    "Each assignment that is out is tracked until its end.",
  ),
  defaultBacklog: count(
    core.defaultBacklog,
    1,
    1_000_000,
    "Assignments that wait for a producer's turn if it names no number; beyond, it counts as SATURATED",
    "Four windows full: what waits longer is mostly expired before its turn.",
  ),
  maxBacklog: count(
    core.maxBacklog,
    1,
    1_000_000,
    "Largest such number a producer may ask for",
    "What waits holds its request in memory.",
  ),
  defaultBufferBytes: size(
    core.defaultBufferBytes,
    KIB,
    GIB,
    "Bytes queued for a listener that names no number; beyond, it loses the oldest and is told, or is closed",
    "Several turns of a busy server, or a pause of garbage collection; not a dead reader.",
  ),
  minBufferBytes: size(
    core.minBufferBytes,
    KIB,
    GIB,
    "Smallest queue a listener may ask for",
    "Below it, a burst of a few results would already be a loss.",
  ),
  maxBufferBytes: size(
    core.maxBufferBytes,
    KIB,
    GIB,
    "Largest queue a listener may ask for",
    "Memory that slow readers hold is this times their number.",
  ),
  retainedBytes: size(
    core.retainedBytes,
    0,
    64 * GIB,
    "Bytes of results kept for listeners that connect again, over all topics; 0 keeps none",
    "The oldest go first; who resumes later is told of the gap.",
  ),
  retainedMs: duration(
    core.retainedMs,
    1,
    7 * DAY,
    "Age of kept results and of idle topics",
    "A restart of a listener takes less than a minute.",
  ),
  recentRequests: count(
    core.recentRequests,
    0,
    1_000_000,
    "Ended requests kept for look-up; 0 keeps none",
    "Enough to look at what has just happened.",
  ),
  idempotencyMs: duration(
    core.idempotencyMs,
    0,
    7 * DAY,
    "Shortest time for which a caller's request_id is remembered; twice the TTL if that is longer",
    "Callers and meshes have given up their retries by then.",
  ),
  rememberedRequestIds: count(
    core.rememberedRequestIds,
    1,
    10_000_000,
    "Callers' request_ids remembered; the oldest go first",
    "Bounds the memory for requests that carry an id of the caller.",
  ),
  rememberedAssignments: count(
    core.rememberedAssignments,
    1,
    1_000_000,
    "Ended assignments remembered per producer, to tell late replies from unknown ones",
    "One default window full.",
  ),
  heartbeatMs: duration(
    core.heartbeatMs,
    10,
    HOUR,
    "Time between heartbeats on every stream",
    "Below the idle timeout of every common proxy, 60 s being the usual one.",
  ),
};
