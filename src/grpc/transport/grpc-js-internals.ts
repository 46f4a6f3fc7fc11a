/**
 * The only file that uses internals of grpc-js: its private fields, and one undocumented call.
 *
 * The private fields of the server are checked when it is created, and those of a call at the first call. If a field is
 * missing, one log line names the field and the consequence, and the server works without it.
 */
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Server, ServerInterceptingCallInterface } from "@grpc/grpc-js";
import type { Logger } from "../../ports/logger.js";

/** The version of grpc-js that has the internals below. */
const SEEN_IN = "1.14.7";

/** The debug data of the HTTP/2 GOAWAY that grpc-js sends for the age of a connection. */
const MAX_AGE = "max_age";

/** The consequence of missing each internal. */
const CONSEQUENCES = {
  "Server.commonServerOptions":
    "the limit of stream resets keeps Node's default: cancelling many calls closes the connection of all its clients",
  "Server.http2Servers":
    "open sockets are not tracked: a peer that does not close its side delays the exit; a deadline beyond 24.8 days ends " +
    "its call at once or too early, and a malformed one is INTERNAL; grpc-js logs metadata that is not valid",
  "call.nextCall.stream":
    "messages are copied for each receiver, a closing stream that its peer does not read is not reset, and the streams of " +
    "a connection that reaches its maximum age end without go_away",
  "Http2Session.goaway":
    "the streams of a connection that reaches its maximum age end without go_away, and their work is lost",
  "Http2Session.ping": "the streams of a connection that is closing are cut at the next PING",
  "ServerInterceptingCall.sendStatus":
    "the statuses of messages that are too large, malformed or too many have no reason, and some are INTERNAL",
} as const;

/** The name of an internal in the log. */
export type GrpcJsInternal = keyof typeof CONSEQUENCES;
export const GRPC_JS_INTERNALS = Object.keys(CONSEQUENCES) as readonly GrpcJsInternal[];

/** Limits of node:http2 for which grpc-js has no option; the names are Node's. */
export interface Http2Limits {
  /** Stream resets that a connection may send at once before Node closes it. */
  readonly streamResetBurst: number;
  /** Stream resets a second that a connection may send on average. */
  readonly streamResetRate: number;
  /** Streams above the limit of concurrent streams that a connection may open before Node closes it. */
  readonly maxSessionRejectedStreams: number;
}

type Status = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];

/** Access to the internals of one grpc-js server and its calls. */
export interface GrpcJsInternals {
  /**
   * The HTTP/2 stream below a call: `call.call`, then `nextCall` for each interceptor, then `stream`. With it, one
   * message can be written to many streams without copies, and a stream can be reset.
   *
   * @returns undefined if a field is missing. Then messages go through grpc-js, and no stream is reset.
   */
  http2StreamOf(call: object): ServerHttp2Stream | undefined;
  /**
   * The HTTP/2 servers of all bound addresses: the keys of `Server.http2Servers`. They emit every new connection, and
   * every call with its headers. grpc-js itself stops tracking a connection as soon as it begins to close.
   *
   * @returns an empty list if the field is missing. Then a peer that does not close its side delays the exit, and only
   * grpc-js reads the headers of calls.
   */
  boundServers(): readonly Http2Server[];
  /**
   * Sets limits of node:http2 through `Server.commonServerOptions`. Call this before an address is bound. Without the
   * field, Node's defaults apply.
   */
  setHttp2Limits(limits: Http2Limits): void;
  /**
   * Calls back when a connection reaches its maximum age, just before grpc-js sends the HTTP/2 GOAWAY for it. New streams
   * then use another connection, and those on this one go on.
   *
   * No check at run time can show whether grpc-js still marks that GOAWAY; test/e2e/connection-age.test.ts fails if not.
   */
  onMaxAge(connection: ServerHttp2Session, then: () => void): void;
  /**
   * Lets grpc-js send its keepalive PINGs on a connection that is closing. A connection closes at its maximum age, and when
   * its client sends an HTTP/2 GOAWAY; its streams go on. Node then refuses PINGs, and grpc-js takes that for the end of
   * the connection and destroys it. Node sends the PING if the connection does not look closed during the call.
   *
   * No check at run time can show whether Node still does so; test/e2e/connection-age.test.ts fails if not.
   */
  pingWhileClosing(connection: ServerHttp2Session): void;
  /**
   * Replaces any status of a call before it is sent. This includes the statuses that grpc-js creates itself, such as the
   * one for a message that is too large: grpc-js sends them below all interceptors, but through the public `sendStatus`
   * of the lowest call.
   *
   * No check at run time can show whether grpc-js still calls that method; test/e2e/status-table.test.ts fails if not.
   *
   * @param call - the call that grpc-js gives to the first interceptor.
   */
  replaceStatus(call: ServerInterceptingCallInterface, replace: (status: Status) => Status): void;
}

/** Options for tests. */
export interface GrpcJsInternalsOptions {
  /** Whether to treat all internals as missing, so that every fallback runs. Default false. */
  readonly areMissing?: boolean;
}

/** Finds the internals of a server that is not bound yet, and logs the missing ones. */
export function createGrpcJsInternals(
  server: Server,
  logger: Logger,
  { areMissing = false }: GrpcJsInternalsOptions = {},
): GrpcJsInternals {
  return areMissing ? new MissingInternals(logger) : new PresentInternals(server, logger);
}

/** Logs each missing internal once. */
class MissingLog {
  readonly #logger: Logger;
  readonly #warned = new Set<GrpcJsInternal>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  warn(internal: GrpcJsInternal): void {
    if (this.#warned.has(internal)) return;
    this.#warned.add(internal);
    const lost = CONSEQUENCES[internal];
    this.#logger.warn(
      { internal, lost, seenIn: SEEN_IN },
      `grpc-js has changed: ${internal} is missing; ${lost}`,
    );
  }
}

interface ServerInsides {
  readonly commonServerOptions?: unknown;
  readonly http2Servers?: unknown;
}

/** A call of grpc-js, or the wrapper that an interceptor puts around it. */
interface Layer {
  readonly call?: Layer;
  readonly nextCall?: Layer;
  readonly stream?: ServerHttp2Stream;
}

class PresentInternals implements GrpcJsInternals {
  readonly #missing: MissingLog;
  readonly #common: Record<string, unknown> | undefined;
  readonly #bound: ReadonlyMap<Http2Server, unknown> | undefined;

  constructor(server: Server, logger: Logger) {
    this.#missing = new MissingLog(logger);
    const { commonServerOptions: common, http2Servers: bound } = server as unknown as ServerInsides;
    if (typeof common === "object" && common !== null) this.#common = common as Record<string, unknown>;
    else this.#missing.warn("Server.commonServerOptions");
    if (bound instanceof Map) this.#bound = bound as ReadonlyMap<Http2Server, unknown>;
    else this.#missing.warn("Server.http2Servers");
  }

  http2StreamOf(call: object): ServerHttp2Stream | undefined {
    let layer: Layer | undefined = (call as Layer).call;
    while (layer && !layer.stream) layer = layer.nextCall;
    if (!layer) this.#missing.warn("call.nextCall.stream");
    return layer?.stream;
  }

  boundServers(): readonly Http2Server[] {
    const bound = [...(this.#bound?.keys() ?? [])];
    if (bound.length === 0) this.#missing.warn("Server.http2Servers");
    return bound;
  }

  setHttp2Limits(limits: Http2Limits): void {
    if (this.#common) Object.assign(this.#common, limits);
  }

  onMaxAge(connection: ServerHttp2Session, then: () => void): void {
    const goaway = connection.goaway.bind(connection);
    connection.goaway = (code, lastStreamId, data) => {
      if (data !== undefined && String(data) === MAX_AGE) then();
      goaway(code, lastStreamId, data);
    };
  }

  pingWhileClosing(connection: ServerHttp2Session): void {
    const ping = connection.ping.bind(connection) as (...args: readonly unknown[]) => boolean;
    connection.ping = (...args: readonly unknown[]): boolean => {
      if (!connection.closed || connection.destroyed) return ping(...args);
      Object.defineProperty(connection, "closed", { value: false, configurable: true });
      try {
        return ping(...args);
      } finally {
        Reflect.deleteProperty(connection, "closed");
      }
    };
  }

  replaceStatus(call: ServerInterceptingCallInterface, replace: (status: Status) => Status): void {
    const send = call.sendStatus.bind(call);
    call.sendStatus = (status) => send(replace(status));
  }
}

class MissingInternals implements GrpcJsInternals {
  constructor(logger: Logger) {
    const missing = new MissingLog(logger);
    for (const internal of GRPC_JS_INTERNALS) missing.warn(internal);
  }

  http2StreamOf(): undefined {}

  boundServers(): readonly Http2Server[] {
    return [];
  }

  setHttp2Limits(): void {}

  onMaxAge(): void {}

  pingWhileClosing(): void {}

  replaceStatus(): void {}
}
