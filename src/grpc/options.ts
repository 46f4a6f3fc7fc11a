import type { TlsOptions } from "./tls/tls-options.js";

/** Settings of the gRPC edge. Every one has a default in the configuration schema. */
export interface EdgeOptions extends TlsOptions {
  /**
   * Addresses to bind: `host:port` each, where port 0 lets the system choose, or `unix:/path`. The prefix `plain:` or
   * `tls:` says whether connections use TLS; without it, those of `host:port` do if there is a certificate. Default
   * `127.0.0.1:50051`.
   */
  readonly listen: readonly string[];
  /**
   * IP addresses and networks (`address/prefix`) of proxies. Connections from there have no share and no limits per address,
   * since they carry many peers. Default none.
   */
  readonly trustedProxies: readonly string[];
  /** Largest accepted message, a batch included, in bytes. Default 1 MiB; larger data should travel as a reference. */
  readonly maxMessageBytes: number;
  /** Largest metadata of a call, in bytes. Default 16 KiB. */
  readonly maxMetadataBytes: number;
  /** Open streams of one connection. Default 256. Beyond it, the client's calls wait without an error. */
  readonly maxStreamsPerConnection: number;
  /** Time until the first message of a stream must arrive, in milliseconds. Default 10,000. */
  readonly firstMessageTimeoutMs: number;
  /**
   * Time after which a producer, a caller or the peer of a closed stream is cut off if it reads nothing although something
   * waits for it, in milliseconds. Default 30,000.
   */
  readonly closeTimeoutMs: number;
  /** Idle time after which the server sends a PING on a connection, in milliseconds. Default 30,000. */
  readonly keepaliveTimeMs: number;
  /** Time for the answer to a PING, in milliseconds. Default 20,000: longer than any stall of the event loop. */
  readonly keepaliveTimeoutMs: number;
  /** Time without streams after which a connection is closed, in milliseconds. Default 300,000. */
  readonly maxConnectionIdleMs: number;
  /** Age at which a connection is closed, so that clients rebalance, in milliseconds; 0 for never. Default 0. */
  readonly maxConnectionAgeMs: number;
  /** Time that streams get to end after that age, in milliseconds. Default 120,000. */
  readonly maxConnectionAgeGraceMs: number;
  /** Queued bytes beyond which the stream of a caller is closed. Default 8 MiB. */
  readonly callerBufferBytes: number;
  /** Whether reflection is offered. Default true. */
  readonly reflection: boolean;
}
