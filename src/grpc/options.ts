/** Settings of the gRPC edge. Every one has a default in the configuration schema. */
export interface EdgeOptions {
  /** Addresses to bind, `host:port` each; port 0 lets the system choose. Default `127.0.0.1:50051`. */
  readonly listen: readonly string[];
  /** Largest message taken, in bytes, and largest batch of a peer. Default 1 MiB: beyond it, send a reference. */
  readonly maxMessageBytes: number;
  /** Largest metadata of a call, in bytes. Default 16 KiB. */
  readonly maxMetadataBytes: number;
  /** Streams one connection may hold open. Default 1,000; a client beyond it waits without being told. */
  readonly maxStreamsPerConnection: number;
  /** Time within which a stream's first message must come, in milliseconds. Default 10,000. */
  readonly firstMessageTimeoutMs: number;
  /** Time for which nothing of a closed stream may be read before it is reset, in milliseconds. Default 30,000. */
  readonly closeTimeoutMs: number;
  /** Quiet time after which a connection is PINGed, in milliseconds. Default 30,000. */
  readonly keepaliveTimeMs: number;
  /** Time for the answer to a PING, in milliseconds. Default 20,000: longer than any stall of the event loop. */
  readonly keepaliveTimeoutMs: number;
  /** Time without streams after which a connection is closed, in milliseconds. Default 300,000. */
  readonly maxConnectionIdleMs: number;
  /** Age at which a connection is closed so that clients spread anew, in milliseconds; 0 for never. Default 0. */
  readonly maxConnectionAgeMs: number;
  /** Time that streams have to end after that age, in milliseconds. Default 120,000. */
  readonly maxConnectionAgeGraceMs: number;
  /** Bytes queued for a producer that does not read, before its stream is closed. Default 8 MiB. */
  readonly producerBufferBytes: number;
  /** Bytes queued for a caller that does not read, before its stream is closed. Default 8 MiB. */
  readonly callerBufferBytes: number;
  /** Whether reflection is offered. Default true. */
  readonly reflection: boolean;
}
