/**
 * The only file that subscribes to grpc-js: each call becomes a few plain callbacks under one guard.
 *
 * What grpc-js does that shapes this file, all measured: a peer that cancels, times out or is killed looks like a normal
 * `end` first; `cancelled` also comes after a clean finish; `close` comes once and last; a throw in a callback ends the
 * process; an error status whose text is not well-formed ends the process.
 */
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Server as NetServer, Socket } from "node:net";
import {
  Metadata,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from "@grpc/grpc-js";
import { WireError } from "ate-dispatcher-client/internal";
import type { Instant } from "../../core/vocabulary/model.js";
import type { Refusal } from "../../core/vocabulary/reason.js";
import type { Clock } from "../../ports/clock.js";
import type { Logger } from "../../ports/logger.js";
import type { Schedule } from "../../ports/runtime.js";
import type { Sink } from "../../ports/sink.js";
import type { Watchdog } from "../../ports/watchdog.js";
import { FIELD_PATHS, type FieldPaths } from "../wire/field-paths.js";
import { type GrpcStatus, grpcStatus, INTERNAL_ERROR } from "../wire/status.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";
import { writeMessage } from "./http2-stream.js";

/** A call on which the server sends a stream. */
export type OutgoingCall = ServerDuplexStream<Buffer, Uint8Array> | ServerWritableStream<Buffer, Uint8Array>;
/** A call on which both sides send a stream. */
export type BidiCall = ServerDuplexStream<Buffer, Uint8Array>;
/** A call with one message each way. */
export type UnaryCall = ServerUnaryCall<Buffer, Uint8Array>;

/** What the sending side of a call needs from the server. */
export interface SinkServices {
  /** Resets a closed stream that its peer does not read to the end. */
  readonly closing: Watchdog;
  /** Access to internals of the grpc-js server and its calls. */
  readonly internals: GrpcJsInternals;
}

/** What happens on a stream that a peer opened. */
export interface StreamEvents {
  /** A message came. @param waitedMs - how long it waited for its turn, in milliseconds; 0 without `schedule`. */
  readonly message?: (message: Buffer, waitedMs: number) => void;
  /** When messages, and that the peer sends nothing more, are taken up; at once if absent, and always in their order. */
  readonly schedule?: Schedule;
  /** A message was no valid protobuf; the stream is to end with this, and brings nothing more but `closed`. */
  readonly refused?: (refusal: Refusal) => void;
  /** The peer sends nothing more; or it has gone, and `closed` follows. */
  readonly halfClosed?: () => void;
  /** The stream is over for both sides; called once, last. */
  readonly closed: () => void;
}

/**
 * Runs a callback so that nothing it throws reaches grpc-js; the peer is told nothing of our bugs.
 *
 * @param refuse - ends the call because its message is no valid protobuf; by default as `fail` does.
 */
export function guard(
  logger: Logger,
  fail: (status: GrpcStatus) => void,
  run: () => void,
  refuse: (refusal: Refusal) => void = (refused) => fail(grpcStatus(refused)),
): void {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) {
      refuse(malformed(error));
      return;
    }
    logger.error({ err: error }, "a call failed because of a bug");
    fail(INTERNAL_ERROR);
  }
}

/**
 * The sending side of a call. One that is closing, and of which nothing is read for too long, is reset.
 *
 * @param paths - where the fields that a refusal names stand in the messages of the call.
 */
export function sinkOf(call: OutgoingCall, services: SinkServices, paths: FieldPaths = FIELD_PATHS): Sink {
  return new CallSink(call, services, paths);
}

/** An object instead of closures, which cost an idle stream 200 bytes more. */
class CallSink implements Sink {
  /** Ends the watch; set while the stream is closing. */
  private stop: (() => void) | undefined = undefined;
  private readonly stream: ServerHttp2Stream | undefined;
  /** The stream, once messages may be written to it past grpc-js. */
  private direct: ServerHttp2Stream | undefined = undefined;
  private hasAskedForHeaders = false;

  constructor(
    private readonly call: OutgoingCall,
    private readonly services: SinkServices,
    private readonly paths: FieldPaths,
  ) {
    this.stream = services.internals.http2StreamOf(call);
    // Headers at once, or a proxy that times the stream out reports a missing response instead of a cut one.
    if ("readable" in call) this.askForHeaders();
  }

  write(parts: readonly Uint8Array[], sent: () => void): void {
    const written = (error?: Error | null): void => {
      if (error) return;
      if (this.stop) this.closing();
      sent();
    };
    const stream = this.direct ?? this.openDirect();
    if (stream) writeMessage(stream, parts, written);
    else if (!this.call.writableEnded) this.call.write(Buffer.concat(parts), written);
  }

  /**
   * Finds out whether messages may go past grpc-js: its headers have been sent, which an interceptor may delay, and so
   * has every message that was written to the call before them. A write past grpc-js would make Node send headers of its
   * own, and grpc-js would throw when it sends its headers after them.
   */
  private openDirect(): ServerHttp2Stream | undefined {
    this.askForHeaders();
    if (this.stream?.headersSent && this.call.writableLength === 0) this.direct = this.stream;
    return this.direct;
  }

  /** An interceptor hears of the headers once. */
  private askForHeaders(): void {
    if (this.hasAskedForHeaders) return;
    this.hasAskedForHeaders = true;
    this.call.sendMetadata(new Metadata());
  }

  closing(): void {
    const { call, services } = this;
    if (call.cancelled) return;
    if (this.stop) this.stop();
    else call.once("cancelled", () => this.stop?.());
    this.stop = services.closing.watch(() => {
      // A status would wait for what was written before it. Without the stream, it stays until its connection closes.
      this.stream?.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    });
  }

  end(refusal: Refusal | undefined): void {
    if (refusal) fail(this.call, grpcStatus(refusal, this.paths));
    else this.call.end();
    if (!this.stop) this.closing();
  }
}

/** Ends a stream with a status, after what was written. */
export function fail(call: OutgoingCall, status: GrpcStatus): void {
  if (!call.writableEnded && !call.destroyed) call.emit("error", status);
}

/** Hears what happens on a stream. */
export function subscribe(call: OutgoingCall, logger: Logger, events: StreamEvents): void {
  const { message, halfClosed, refused, schedule = atOnce } = events;
  let isClosed = false;
  let isRefused = false;
  const refuse = (refusal: Refusal): void => {
    isRefused = true;
    if (refused) refused(refusal);
    else fail(call, grpcStatus(refusal));
  };
  const guarded = (run: () => void): void => guard(logger, (status) => fail(call, status), run, refuse);
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    guarded(events.closed);
  };
  call.on("cancelled", close);
  call.on("close", close);
  if (!("readable" in call)) return;
  call.on("data", (received: Buffer) => {
    schedule(received.byteLength, (waitedMs) => {
      if (!isClosed && !isRefused && message) guarded(() => message(received, waitedMs));
    });
  });
  call.on("end", () => {
    schedule(0, () => {
      if (!isClosed && !isRefused && halfClosed) guarded(halfClosed);
    });
  });
}

const atOnce: Schedule = (_byteLength, processMessage) => processMessage(0);

/** The open sockets of everything that a server has bound. */
export type Sockets = Map<NetServer, Set<Socket>>;

/**
 * Keeps the open sockets of everything that a server has bound so far. grpc-js forgets a connection as soon as the
 * connection begins to close. If the peer does not close its side, or a stream is still open, the socket then stays open
 * for ever.
 */
export function watchSockets(boundServers: readonly NetServer[], sockets: Sockets): void {
  for (const bound of boundServers) {
    if (sockets.has(bound)) continue;
    const open = new Set<Socket>();
    sockets.set(bound, open);
    bound.on("connection", (socket) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    });
  }
}

/** When a call ends by its peer's wish, on our monotonic clock; undefined if it has no deadline. */
export function deadlineOf(call: OutgoingCall | UnaryCall, clock: Clock): Instant | undefined {
  const deadline = call.getDeadline();
  const at = deadline instanceof Date ? deadline.getTime() : deadline;
  return Number.isFinite(at) ? clock.now() + (at - Date.now()) : undefined;
}

function malformed(error: WireError): Refusal {
  return {
    reason: "MALFORMED_MESSAGE",
    message: `the message is no valid protobuf: ${error.message}`,
    metadata: {},
    violations: [],
    input: undefined,
    retryAfterMs: undefined,
  };
}
