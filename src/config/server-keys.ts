/**
 * The keys of the gRPC edge, of shutdown and of the log.
 */
import type { EdgeOptions } from "../grpc/options.js";
import { addresses, choice, count, type Definition, duration, size, toggle } from "./definition.js";

/** How much is logged; `silent` logs nothing. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** Settings of the process as a whole. */
export interface ProcessOptions {
  /** Time that pending requests have to finish during a shutdown, in milliseconds. Default 10,000. */
  readonly drainGraceMs: number;
  /** Default `info`. */
  readonly logLevel: LogLevel;
}

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KIB = 1_024;
const MIB = 1_024 ** 2;
const GIB = 1_024 ** 3;

/** Settings of the process. */
export const PROCESS_KEYS: { readonly [K in keyof ProcessOptions]: Definition<ProcessOptions[K]> } = {
  logLevel: choice(
    "info",
    ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    "How much is logged, as JSON lines on standard error",
    "Starts, stops and refusals are seen; single requests are not.",
  ),
  drainGraceMs: duration(
    10 * SECOND,
    0,
    HOUR,
    "Time that pending requests have to finish during a shutdown",
    "Twice the default TTL, and well within the 30 s that container platforms wait; then the rest expires.",
  ),
};

/** Settings of the gRPC edge; one that is missing here does not compile. */
export const EDGE_KEYS: { readonly [K in keyof EdgeOptions]: Definition<EdgeOptions[K]> } = {
  listen: addresses(
    ["127.0.0.1:50051"],
    "Addresses to listen on; port 0 lets the system choose",
    "Nobody from outside gets in unless told so: there is no authentication without a proxy or mesh in front.",
  ),
  reflection: toggle(
    true,
    "Whether gRPC reflection is offered",
    "With it, grpcurl and buf curl need no proto files; it tells nothing that is not public.",
  ),
  maxMessageBytes: size(
    MIB,
    KIB,
    64 * MIB,
    "Largest message taken, and largest batch sent; a larger one is RESOURCE_EXHAUSTED",
    "Below the 4 MiB that gRPC clients take by default; for more, send a reference.",
  ),
  maxMetadataBytes: size(
    16 * KIB,
    KIB,
    MIB,
    "Largest metadata of a call",
    "Tokens and trace context fit; gRPC's usual 8 KiB is tight for both.",
  ),
  maxStreamsPerConnection: count(
    1_000,
    1,
    1_000_000,
    "Streams one connection may hold open; a client beyond it waits without being told",
    "One connection cannot take all sessions; behind a mesh, all clients share one.",
  ),
  firstMessageTimeoutMs: duration(
    10 * SECOND,
    1,
    HOUR,
    "Time within which a stream's first message must come; then it is closed",
    "A stream that says nothing holds a session for nobody.",
  ),
  closeTimeoutMs: duration(
    30 * SECOND,
    1,
    HOUR,
    "Time for which nothing of a closed stream may be read; then it is reset",
    "What is queued for a peer that does not read would stay until its connection ends.",
  ),
  keepaliveTimeMs: duration(
    30 * SECOND,
    10,
    HOUR,
    "Quiet time after which a connection is PINGed",
    "Finds dead peers before the idle and age limits close their connections.",
  ),
  keepaliveTimeoutMs: duration(
    20 * SECOND,
    10,
    HOUR,
    "Time for the answer to a PING; then the connection is closed",
    "Longer than any stall of a peer's event loop.",
  ),
  maxConnectionIdleMs: duration(
    300 * SECOND,
    SECOND,
    7 * DAY,
    "Time without streams after which a connection is closed",
    "Connects again in milliseconds; holding it costs memory on both sides.",
  ),
  maxConnectionAgeMs: duration(
    0,
    0,
    7 * DAY,
    "Age at which a connection is closed so that clients spread anew, 0 for never",
    "One server alone has nothing to spread.",
  ),
  maxConnectionAgeGraceMs: duration(
    120 * SECOND,
    SECOND,
    7 * DAY,
    "Time that streams have to end after that age",
    "Without it, long streams would never end.",
  ),
  producerBufferBytes: size(
    8 * MIB,
    KIB,
    GIB,
    "Bytes queued for a producer that does not read; then its stream is closed",
    "A window of large requests fits.",
  ),
  callerBufferBytes: size(
    8 * MIB,
    KIB,
    GIB,
    "Bytes queued for a caller that does not read; then its stream is closed",
    "The results of a large gather fit.",
  ),
};
