import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { RECONNECT_DEFAULTS, type ReconnectOptions } from "./backoff.js";
import { createDeferred } from "./deferred.js";
import { alreadyClosed, cancelled, DispatcherError, invalidArgument } from "./errors.js";
import { Link, type LinkCall } from "./link.js";
import { StreamCall, type StreamEvents } from "./stream-call.js";

/** How to reach a dispatcher. */
export interface ConnectionOptions {
  /** Where it listens, as `host:port` or any other gRPC target. Default `127.0.0.1:50051`; no environment is read. */
  readonly address?: string;
  /** Credentials of the channel. Default: none, in clear text. */
  readonly credentials?: ChannelCredentials;
  /** Metadata to send with every call, such as `authorization`. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Options of the grpc-js channel; they win over this library's own. */
  readonly channelOptions?: ChannelOptions;
  /** Delays between tries to reconnect. */
  readonly reconnect?: ReconnectOptions;
}

/** Trace context and the like; sent as metadata of one call. */
export type CallContext = Readonly<Record<string, string>>;

/** A channel to one dispatcher, a new one after a dead link, and the raw calls on it. */
export class Connection {
  /** Delays between tries to reconnect. */
  readonly reconnect: ReconnectOptions | undefined;
  readonly #options: ConnectionOptions;
  readonly #metadata: Metadata;
  #link: Link;
  #isClosed = false;

  /** Connects at the first call. @throws {DispatcherError} INVALID_ARGUMENT on malformed metadata. */
  constructor(options: ConnectionOptions) {
    this.reconnect = options.reconnect;
    this.#options = options;
    this.#metadata = withEntries(new Metadata(), options.metadata ?? {});
    this.#link = this.#newLink();
  }

  /** Opens a stream in both directions. @throws {DispatcherError} CANCELLED, reason CLOSED, after {@link close}. */
  openBidi(path: string, events: StreamEvents): StreamCall {
    this.#ensureOpen();
    const link = this.#link;
    const stream = link.client.makeBidiStreamRequest(path, verbatim, verbatim, this.#metadata.clone());
    return new StreamCall(link, stream, events);
  }

  /** Opens a stream of responses to one request. @throws {DispatcherError} as {@link openBidi}, or INVALID_ARGUMENT. */
  openServerStream(
    path: string,
    request: Uint8Array,
    context: CallContext,
    events: StreamEvents,
  ): StreamCall {
    this.#ensureOpen();
    const metadata = withEntries(this.#metadata.clone(), context);
    const link = this.#link;
    const body = bufferOf(request);
    const stream = link.client.makeServerStreamRequest(path, verbatim, verbatim, body, metadata);
    return new StreamCall(link, stream, events);
  }

  /** Calls once. An abort of the signal cancels the call and rejects with CANCELLED. */
  async call<T>(
    path: string,
    request: Uint8Array,
    decode: (response: Uint8Array) => T,
    {
      context = {},
      signal,
    }: { readonly context?: CallContext; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    this.#ensureOpen();
    if (signal?.aborted) throw cancelled("aborted before it was sent", signal.reason);
    const metadata = withEntries(this.#metadata.clone(), context);
    const response = createDeferred<T>();
    const link = this.#link;
    const settle = (error: ServiceError | null, value?: T) => {
      if (error) return response.reject(DispatcherError.from(error));
      link.heard();
      response.resolve(value as T);
    };
    const call = link.client.makeUnaryRequest(path, verbatim, decode, bufferOf(request), metadata, settle);
    const linkCall: LinkCall = {
      abort(error) {
        response.reject(error);
        call.cancel();
        link.ended(linkCall);
      },
    };
    const abort = () => linkCall.abort(cancelled("aborted", signal?.reason));
    link.begun(linkCall);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await response.promise;
    } finally {
      signal?.removeEventListener("abort", abort);
      link.ended(linkCall);
    }
  }

  /** Resolves once the channel is connected. @throws {DispatcherError} DEADLINE_EXCEEDED after `timeoutMs`. */
  async waitForReady(timeoutMs: number): Promise<void> {
    this.#ensureOpen();
    const ready = createDeferred<void>();
    this.#link.client.waitForReady(Date.now() + timeoutMs, (cause) => {
      if (cause === undefined) return ready.resolve();
      const details = `not connected within ${timeoutMs} ms`;
      ready.reject(new DispatcherError({ code: status.DEADLINE_EXCEEDED, details, cause }));
    });
    await ready.promise;
  }

  /** Closes the channel. Open streams must have ended before: the channel would let them run on. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#link.client.close();
  }

  #newLink(): Link {
    const { address = "127.0.0.1:50051", reconnect, channelOptions } = this.#options;
    const client = new Client(address, this.#options.credentials ?? credentials.createInsecure(), {
      ...channelDefaults(reconnect),
      ...channelOptions,
    });
    return new Link(client, () => {
      if (!this.#isClosed) this.#link = this.#newLink();
    });
  }

  #ensureOpen(): void {
    if (this.#isClosed) throw alreadyClosed("client");
  }
}

function channelDefaults(reconnect: ReconnectOptions = {}): ChannelOptions {
  const { initialDelayMs, maxDelayMs } = { ...RECONNECT_DEFAULTS, ...reconnect };
  return {
    // Servers and meshes punish pings that come more often than this.
    "grpc.keepalive_time_ms": 30_000,
    // Generous, because after a stall timers fire before the answer is read.
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.keepalive_permit_without_calls": 0,
    // Otherwise an http_proxy in the environment silently reroutes calls inside a cluster.
    "grpc.enable_http_proxy": 0,
    "grpc.enable_channelz": 0,
    // A channel that replaces one whose link is dead must not share that link.
    "grpc.use_local_subchannel_pool": 1,
    // A batch is one message, and the server bounds its size; this only stops a peer that is no dispatcher.
    "grpc.max_receive_message_length": 64 * 1024 * 1024,
    // The default of 64 KiB holds back batches of larger results.
    "grpc-node.flow_control_window": 1024 * 1024,
    // The channel must not sleep longer (up to 2 min by default) than the sessions that wait for it.
    "grpc.initial_reconnect_backoff_ms": initialDelayMs,
    "grpc.max_reconnect_backoff_ms": maxDelayMs,
  };
}

function withEntries(metadata: Metadata, entries: CallContext): Metadata {
  for (const [key, value] of Object.entries(entries)) {
    try {
      metadata.set(key, value);
    } catch (error) {
      throw invalidArgument(`metadata.${key}`, `cannot be sent: ${DispatcherError.from(error).details}`);
    }
  }
  return metadata;
}

function verbatim(message: Buffer): Buffer {
  return message;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
