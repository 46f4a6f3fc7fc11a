/**
 * The configuration keys of the gRPC edge, the shutdown and the log.
 */
import type { EdgeOptions } from "../grpc/options.js";
import { addresses, choice, count, type Definition, duration, networks, size, toggle } from "./definition.js";
import { TLS_KEYS } from "./security-keys.js";

/** The minimum level of log entries; `silent` logs nothing. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** Settings of the process as a whole. */
export interface ProcessOptions {
  /** Maximum time that pending requests have to finish during a shutdown, in milliseconds. Default 10,000. */
  readonly drainGraceMs: number;
  /** The log level. Default `info`. */
  readonly logLevel: LogLevel;
}

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KIB = 1_024;
const MIB = 1_024 ** 2;
const GIB = 1_024 ** 3;

/** The keys of the process. */
export const PROCESS_KEYS: { readonly [K in keyof ProcessOptions]: Definition<ProcessOptions[K]> } = {
  logLevel: choice(
    "info",
    ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    "Minimum level of the JSON lines that are logged to standard error",
    "Start, drain, stop and bugs are logged; debug adds sessions and refusals, trace adds each request.",
  ),
  drainGraceMs: duration(
    10 * SECOND,
    0,
    HOUR,
    "Maximum time that pending requests have to finish during a shutdown",
    "Twice the default TTL, and well within the 30 s that container platforms wait.",
  ),
};

/** The keys of the gRPC edge. The compiler reports an option that is missing here. */
export const EDGE_KEYS: { readonly [K in keyof EdgeOptions]: Definition<EdgeOptions[K]> } = {
  listen: addresses(
    ["127.0.0.1:50051"],
    "Addresses to listen on; with port 0 the system chooses a port; `plain:` or `tls:` before an address says whether it uses TLS",
    "Loopback only, where all local users may do everything; any other address needs TLS and authentication.",
  ),
  ...TLS_KEYS,
  trustedProxies: networks(
    "IP addresses and networks of proxies; connections from there have no share and no limits per address",
    "A proxy has one address for all its clients; fairness between them needs identities.",
  ),
  reflection: toggle(
    true,
    "Whether gRPC reflection is offered",
    "With reflection, grpcurl and buf curl need no proto files; it reveals only the public contract.",
  ),
  maxMessageBytes: size(
    MIB,
    64 * KIB,
    64 * MIB,
    "Maximum size of a message received and of a batch sent; a larger message is RESOURCE_EXHAUSTED",
    "Below the 4 MiB that gRPC clients accept by default; for larger data, send a reference.",
  ),
  maxMetadataBytes: size(
    16 * KIB,
    KIB,
    MIB,
    "Maximum size of the metadata of a call",
    "Tokens and trace context fit; the usual 8 KiB of gRPC is tight for both.",
  ),
  maxStreamsPerConnection: count(
    256,
    1,
    1_000_000,
    "Maximum open streams per connection; further calls of that client wait, and the client is not told",
    "A read that opens many streams takes milliseconds; our clients open another connection. Raise it behind a mesh.",
  ),
  firstMessageTimeoutMs: duration(
    10 * SECOND,
    1,
    HOUR,
    "Maximum time until the first message of a stream; then the stream is closed",
    "A stream without a message holds a session that no peer uses.",
  ),
  closeTimeoutMs: duration(
    30 * SECOND,
    1,
    HOUR,
    "Maximum time that a producer, a caller or the peer of a closed stream may read nothing while something waits for it",
    "Otherwise data queued for a peer that does not read would stay until its connection ends.",
  ),
  keepaliveTimeMs: duration(
    30 * SECOND,
    10,
    HOUR,
    "Idle time after which the server sends a PING on a connection",
    "Finds dead peers before the idle and age limits close their connections.",
  ),
  keepaliveTimeoutMs: duration(
    20 * SECOND,
    10,
    HOUR,
    "Maximum time until a PING is acknowledged; then the connection is closed",
    "Longer than the event loop of a healthy peer stalls.",
  ),
  maxConnectionIdleMs: duration(
    300 * SECOND,
    SECOND,
    7 * DAY,
    "Time without streams after which a connection is closed",
    "A client reconnects within milliseconds; an idle connection costs memory on both sides.",
  ),
  maxConnectionAgeMs: duration(
    0,
    0,
    7 * DAY,
    "Age at which a connection is closed so that clients rebalance; 0 means never",
    "With a single server there is nothing to rebalance.",
  ),
  maxConnectionAgeGraceMs: duration(
    120 * SECOND,
    SECOND,
    7 * DAY,
    "Maximum time that streams may continue after that age",
    "Without a limit, long-lived streams would never end.",
  ),
  callerBufferBytes: size(
    8 * MIB,
    KIB,
    GIB,
    "Maximum bytes queued for a caller; beyond, its stream is closed",
    "The results of a large gather fit; a caller that reads nothing for `closeTimeoutMs` is closed earlier.",
  ),
};
