import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
  status,
} from "@grpc/grpc-js";
import { Alarm, MAX_TIMER_MS } from "../async/alarm.js";
import { createDeferred } from "../async/deferred.js";
import { WireMemory } from "../codec/wire-memory.js";
import { errorText } from "../error-text.js";
import { alreadyClosed, cancelled, DispatcherError, invalidArgument } from "../errors.js";
import { DispatcherServiceService } from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import { RECONNECT_DEFAULTS, type ReconnectOptions } from "./backoff.js";
import { LinkPool, type WaitingCall } from "./link-pool.js";
import { type ResponseStream, StreamCall, type StreamEvents } from "./stream-call.js";
import { secureCredentials, type TlsOptions, tlsChannelOptions } from "./tls-options.js";
import { isLocalTarget, type Token, TokenSource } from "./token-source.js";
import { UnaryCall } from "./unary-call.js";

const DEFAULT_ADDRESS = "127.0.0.1:50051";

/** How to reach a dispatcher. */
export interface ConnectionOptions {
  /**
   * The dispatcher's address: `host:port` or any other gRPC target. Default `127.0.0.1:50051`. This library reads no
   * environment variables.
   */
  readonly address?: string;
  /** TLS, with the certificates in PEM; `{}` for the certificates that Node trusts. Default: none, in clear. */
  readonly tls?: TlsOptions;
  /**
   * The token that is sent with every call as `authorization: Bearer`, or a function that fetches it. The function is asked
   * before every call and every attempt of a stream, once at a time, and may take 10 s. With a fixed token, UNAUTHENTICATED is
   * final; with a function, sessions ask again and retry. Default: none.
   */
  readonly token?: Token;
  /** Whether the token may be sent in clear to another machine, through a mesh that encrypts. Default false. */
  readonly allowInsecureToken?: boolean;
  /** Channel credentials, instead of `tls`. Default: none. */
  readonly credentials?: ChannelCredentials;
  /** Metadata that is sent with every call. For `authorization`, the same holds as for `token`. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Options of the grpc-js channel. They override the defaults of this library. Default: none. */
  readonly channelOptions?: ChannelOptions;
  /** Delays between attempts to reconnect. Default: see {@link ReconnectOptions}. */
  readonly reconnect?: ReconnectOptions;
}

/** Trace context, sent as metadata of one call. */
export type CallContext = Readonly<Record<string, string>>;

/** Options of a unary call. */
export interface CallOptions {
  /** Trace context. Default: none. */
  readonly context?: CallContext;
  /** Cancels the call. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the answer, and for a connection before it, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
}

const CALL_TIMEOUT_MS = 30_000;
const AUTHORIZATION = "authorization";

/**
 * Codes after which a retry would fail the same way. ABORTED: a newer session with the same id has replaced this one.
 */
const FINAL_CODES: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.UNIMPLEMENTED,
  status.ABORTED,
]);

/** The largest delay between two attempts of a channel, in milliseconds: grpc-js adds 20 % and sets one timer. */
const MAX_CHANNEL_BACKOFF_MS = MAX_TIMER_MS / 2;

/** How long a call may take that finds out why there is no connection, in milliseconds. */
const PROBE_TIMEOUT_MS = 100;

/** The connections to one dispatcher, and the calls on them. Replaces a connection that is dead. */
export class Connection {
  /** Delays between attempts to reconnect. */
  readonly reconnect: ReconnectOptions | undefined;
  /** What the messages of this connection share. */
  readonly memory = new WireMemory();
  readonly #metadata: Metadata;
  readonly #address: string;
  readonly #pool: LinkPool;
  readonly #tokens: TokenSource;
  /** Calls that wait for a token. */
  readonly #withoutToken = new Set<WaitingCall>();
  #phase: "open" | "closing" | "closed" = "open";
  readonly #closed = createDeferred<never>();

  /** Connects on the first call. @throws {DispatcherError} INVALID_ARGUMENT if the metadata is malformed. */
  constructor(options: ConnectionOptions) {
    this.reconnect = options.reconnect;
    this.#metadata = withEntries(new Metadata(), options.metadata ?? {});
    const { address = DEFAULT_ADDRESS, reconnect, channelOptions } = options;
    this.#address = address;
    const { tls } = options;
    if (tls !== undefined && options.credentials !== undefined) {
      throw invalidArgument("tls", "and credentials exclude each other; set one of them");
    }
    const channelCredentials =
      options.credentials ?? (tls ? secureCredentials(tls) : credentials.createInsecure());
    this.#tokens = new TokenSource(options.token);
    const isSafe = channelCredentials._isSecure() || isLocalTarget(address) || options.allowInsecureToken;
    const hasHeader = Object.keys(options.metadata ?? {}).some((key) => key.toLowerCase() === AUTHORIZATION);
    if ((options.token !== undefined || hasHeader) && !isSafe) {
      const remedy = "set tls, or allowInsecureToken if a mesh encrypts";
      const name = hasHeader ? "metadata.authorization" : "token";
      throw invalidArgument(name, `would be sent in clear to ${JSON.stringify(address)}; ${remedy}`);
    }
    const defaults = { ...channelDefaults(reconnect), ...tlsChannelOptions(tls ?? {}), ...channelOptions };
    this.#pool = new LinkPool(() => new Client(address, channelCredentials, defaults));
    try {
      // Creates a channel. It connects later.
      void this.#pool.first;
    } catch (error) {
      throw invalidArgument("address", `${JSON.stringify(address)} cannot be used: ${errorText(error)}`);
    }
  }

  /** Opens a bidirectional stream. @throws {DispatcherError} CANCELLED, reason CLOSED, after {@link beginClose}. */
  openBidi(path: string, events: StreamEvents): StreamCall {
    if (this.#phase !== "open") throw alreadyClosed("client");
    const metadata = this.#metadata.clone();
    return this.#open(
      (client) => client.makeBidiStreamRequest(path, verbatim, verbatim, metadata),
      events,
      metadata,
    );
  }

  /**
   * Opens a server stream.
   *
   * @throws {DispatcherError} as {@link openBidi}, or INVALID_ARGUMENT if the context is malformed.
   */
  openServerStream(
    path: string,
    request: Uint8Array,
    context: CallContext,
    events: StreamEvents,
  ): StreamCall {
    if (this.#phase !== "open") throw alreadyClosed("client");
    const metadata = withEntries(this.#metadata.clone(), context);
    const body = bufferOf(request);
    return this.#open(
      (client) => client.makeServerStreamRequest(path, verbatim, verbatim, body, metadata),
      events,
      metadata,
    );
  }

  /** Makes a unary call. When the signal fires, cancels the call and rejects with CANCELLED. */
  async call<T>(
    path: string,
    request: Uint8Array,
    decode: (response: Uint8Array) => T,
    { context = {}, signal, timeoutMs = CALL_TIMEOUT_MS }: CallOptions = {},
  ): Promise<T> {
    this.#ensureOpen();
    if (signal?.aborted) throw cancelled("the call was aborted before it was sent", signal.reason);
    const metadata = withEntries(this.#metadata.clone(), context);
    const response = new UnaryCall<T>((client, settle) =>
      client.makeUnaryRequest(path, verbatim, decode, bufferOf(request), metadata, settle),
    );
    const abort = () => response.abort(cancelled("the call was aborted", signal?.reason));
    const deadline = new Alarm();
    deadline.set(timeoutMs, () =>
      response.abort(this.noAnswer(`no answer within ${Math.round(timeoutMs)} ms`)),
    );
    signal?.addEventListener("abort", abort, { once: true });
    this.#admit(response, metadata);
    try {
      return await response.result;
    } finally {
      deadline.clear();
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Resolves when the channel is connected. @throws {DispatcherError} DEADLINE_EXCEEDED after `timeoutMs`. */
  async waitForReady(timeoutMs: number): Promise<void> {
    this.#ensureOpen();
    const ready = createDeferred<void>();
    const fail = (cause: Error) => {
      const details = `not connected within ${timeoutMs} ms; ${this.#state}`;
      ready.reject(new DispatcherError({ code: status.DEADLINE_EXCEEDED, details, cause }));
    };
    this.#pool.first.client.waitForReady(Date.now() + Math.min(timeoutMs, MAX_TIMER_MS), (cause) => {
      if (cause === undefined) ready.resolve();
      else void this.#findProblem().then(() => fail(cause));
    });
    await Promise.race([ready.promise, this.#closed.promise]);
  }

  /** Whether an error is final: a retry would fail the same way. */
  isFinal({ code }: DispatcherError): boolean {
    return FINAL_CODES.has(code) && !(code === status.UNAUTHENTICATED && this.#tokens.isRenewed);
  }

  /** Creates the error for a call that got no answer. It says what is known of the connection. */
  noAnswer(what: string): DispatcherError {
    const isConnected = this.#pool.first.problem === undefined;
    return new DispatcherError({
      code: isConnected ? status.DEADLINE_EXCEEDED : status.UNAVAILABLE,
      reason: isConnected ? "NO_ANSWER" : "NOT_CONNECTED",
      details: `${what}; ${this.#state}`,
    });
  }

  /** What is known of the connection, for error texts. */
  get #state(): string {
    const { problem } = this.#pool.first;
    return problem === undefined
      ? `connected to ${this.#address}, but the dispatcher did not answer`
      : `not connected to ${this.#address}: ${problem}`;
  }

  /** Learns why there is no connection: a call fails at once with the reason if the latest attempt has failed. */
  async #findProblem(): Promise<void> {
    const link = this.#pool.first;
    if (link.isConnected) return;
    const probe = new UnaryCall((client, settle) => {
      const { path } = DispatcherServiceService.dispatch;
      const deadline = Date.now() + PROBE_TIMEOUT_MS;
      return client.makeUnaryRequest(
        path,
        verbatim,
        verbatim,
        Buffer.alloc(0),
        this.#metadata,
        { deadline },
        settle,
      );
    });
    probe.open(link);
    await probe.result.catch(() => {});
  }

  /** Opens no further streams. Unary calls still work, because open streams may need them to end. */
  beginClose(): void {
    if (this.#phase === "open") this.#phase = "closing";
  }

  /** Aborts all calls. */
  abortCalls(error: DispatcherError): void {
    for (const call of this.#withoutToken) call.refuse(error);
    this.#withoutToken.clear();
    this.#pool.abortCalls(error);
  }

  /** Aborts all calls and closes the channel: closing a grpc-js channel does not end its open calls. */
  close(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    const error = alreadyClosed("client");
    this.#closed.reject(error);
    this.abortCalls(error);
    this.#pool.close();
  }

  #open(
    makeStream: (client: Client) => ResponseStream,
    events: StreamEvents,
    metadata: Metadata,
  ): StreamCall {
    const call = new StreamCall(makeStream, events);
    this.#admit(call, metadata);
    return call;
  }

  /** Lets a call open as soon as its token is known and a connection admits it. */
  #admit(call: WaitingCall, metadata: Metadata): void {
    const header = this.#tokens.header();
    if (header instanceof Promise) {
      this.#withoutToken.add(call);
      header.then(
        (later) => {
          if (!this.#withoutToken.delete(call)) return;
          metadata.set(AUTHORIZATION, later);
          this.#pool.admit(call);
        },
        (error: DispatcherError) => {
          if (this.#withoutToken.delete(call)) call.refuse(error);
        },
      );
      return;
    }
    if (header !== undefined) metadata.set(AUTHORIZATION, header);
    this.#pool.admit(call);
  }

  #ensureOpen(): void {
    if (this.#phase === "closed") throw alreadyClosed("client");
  }
}

function channelDefaults(reconnect: ReconnectOptions = {}): ChannelOptions {
  const { initialDelayMs, maxDelayMs } = { ...RECONNECT_DEFAULTS, ...reconnect };
  return {
    // Servers and meshes close connections that ping more often than this.
    "grpc.keepalive_time_ms": 30_000,
    // Generous: after a stall of this process, the timer fires before the answer is read from the socket.
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.keepalive_permit_without_calls": 0,
    // An http_proxy in the environment would silently reroute calls inside a cluster.
    "grpc.enable_http_proxy": 0,
    "grpc.enable_channelz": 0,
    // With the global pool, the channel that replaces a dead one would reuse its dead connection.
    "grpc.use_local_subchannel_pool": 1,
    // The dispatcher limits the size of its batches. This limit only guards against a peer that is not a dispatcher.
    "grpc.max_receive_message_length": 64 * 1024 * 1024,
    // The default of 64 KiB stalls batches that hold large results.
    "grpc-node.flow_control_window": 1024 * 1024,
    // By default the channel waits up to 2 min between attempts, longer than the sessions that wait for it.
    "grpc.initial_reconnect_backoff_ms": Math.min(initialDelayMs, MAX_CHANNEL_BACKOFF_MS),
    "grpc.max_reconnect_backoff_ms": Math.min(maxDelayMs, MAX_CHANNEL_BACKOFF_MS),
  };
}

function withEntries(metadata: Metadata, entries: CallContext): Metadata {
  for (const [key, value] of Object.entries(entries)) {
    try {
      metadata.set(key, value);
    } catch {
      // The text of grpc-js shows the value, which may be secret.
      throw invalidArgument(
        `metadata.${key}`,
        "cannot be sent: name or value has characters that a header cannot hold",
      );
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
