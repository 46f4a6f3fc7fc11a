/**
 * The only file that subscribes to events of the calls of grpc-js. It turns each call into a few plain callbacks under one guard.
 *
 * Five behaviours of grpc-js shape this file; all are measured. A peer that cancels, times out or is killed first looks
 * like a normal `end`. `cancelled` also comes after a clean finish. `close` comes once and last. An exception in a
 * callback ends the process. An error status whose text is not well-formed Unicode ends the process.
 */
import type { ServerDuplexStream, ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import { WireError } from "ate-dispatcher-client/internal";
import type { Instant, SessionKey } from "../../core/vocabulary/model.js";
import type { Refusal } from "../../core/vocabulary/reason.js";
import type { Clock } from "../../ports/clock.js";
import type { Logger } from "../../ports/logger.js";
import type { Arrival, InputStream, MessageInputs, Runtime } from "../../ports/runtime.js";
import { type GrpcStatus, grpcStatus, INTERNAL_ERROR } from "../wire/status.js";
import type { CallHeaders } from "./call-headers.js";
import { CallPeer } from "./call-peer.js";
import type { Connections, Membership } from "./connections.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";
import { PeerCharge } from "./peer-charge.js";

/** A call on which the server sends a stream. */
export type OutgoingCall = ServerDuplexStream<Buffer, Uint8Array> | ServerWritableStream<Buffer, Uint8Array>;
/** A call on which both sides send a stream. */
export type BidiCall = ServerDuplexStream<Buffer, Uint8Array>;
/** A call with one message each way. */
export type UnaryCall = ServerUnaryCall<Buffer, Uint8Array>;

/** A call that its peer can cancel. */
interface Cancellable {
  on(event: "cancelled", cancelled: () => void): unknown;
}

/** Services that the deadline of a call needs. */
export interface DeadlineServices {
  readonly headers: CallHeaders;
  readonly internals: GrpcJsInternals;
  readonly clock: Clock;
}

/** Services that a subscription to a call needs. */
export interface CallServices {
  readonly logger: Logger;
  /** Follows the age of connections; undefined if they have no maximum age. */
  readonly connections: Connections | undefined;
}

/** Services that a subscription to the messages of a call needs. */
export interface MessageServices extends CallServices {
  readonly runtime: Pick<Runtime, "receive" | "ledger">;
}

/** Callbacks for the events of a stream that a peer opened. */
export interface StreamEvents {
  /** The session of a long stream. It is told when its connection reaches the maximum age. */
  readonly session?: SessionKey;
  /** The stream has ended in both directions. Called once, as the last callback. */
  readonly closed: () => void;
}

/** Callbacks for the events of a stream on which the peer sends messages. They come in the order of the stream. */
export interface MessageEvents extends StreamEvents {
  readonly session: SessionKey;
  /** Whether messages carry requests, which wait while the server is busy with results. */
  readonly carriesRequests?: boolean;
  /**
   * A message arrived. Returns its inputs, which are read one by one; undefined if it has none. Throws a {@link WireError}, then or while they are read, if the message is not valid protobuf.
   */
  readonly message: (message: Buffer, arrival: Arrival) => MessageInputs | undefined;
  /** A message is not valid protobuf. The stream must end with this refusal; after it, only `closed` is called. */
  readonly rejected: (refusal: Refusal) => void;
  /** The peer sends no more messages. If it has disconnected, `closed` follows. */
  readonly halfClosed: () => void;
}

/**
 * Runs a callback and catches everything that it throws, so that no exception reaches grpc-js. A bug is logged, and the
 * peer gets a status without details.
 *
 * @param fail - ends the call with a status.
 * @param reject - ends the call because a message is not valid protobuf; by default through `fail`.
 */
export function guard(
  logger: Logger,
  fail: (status: GrpcStatus) => void,
  run: () => void,
  reject: (refusal: Refusal) => void = (rejected) => fail(grpcStatus(rejected)),
): void {
  try {
    try {
      run();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      reject(malformed(error));
    }
  } catch (bug) {
    logger.error({ err: bug }, BUG);
    try {
      fail(INTERNAL_ERROR);
    } catch (failure) {
      logger.error({ err: failure }, BUG);
    }
  }
}

/** The message of the line that reports a bug. */
const BUG = "a call failed because of a bug";

/** Ends a stream with a status, after all written messages. */
export function fail(call: OutgoingCall, status: GrpcStatus): void {
  if (!call.writableEnded && !call.destroyed) call.emit("error", status);
}

/** Subscribes to the end of a stream. */
export function subscribe(call: OutgoingCall, services: CallServices, events: StreamEvents): void {
  const membership = join(call, services, events);
  onceClosed(call, () => {
    membership?.leave();
    guard(services.logger, (status) => fail(call, status), events.closed);
  });
}

/** Subscribes to the messages and the end of a stream. */
export function subscribeToMessages(call: BidiCall, services: MessageServices, events: MessageEvents): void {
  const { runtime } = services;
  const stream = new MessageStream(call, services, events);
  onceClosed(call, () => stream.close());
  call.on("data", (received: Buffer) => {
    runtime.receive(stream, received.byteLength, (arrival) => events.message(received, arrival));
  });
  call.on("end", () => {
    runtime.receive(stream, 0, () => {
      events.halfClosed();
      return undefined;
    });
  });
}

/** The receiving side of a stream. */
class MessageStream implements InputStream {
  readonly session: SessionKey;
  readonly carriesRequests: boolean;
  readonly owner: PeerCharge;
  isNew = true;
  private readonly membership: Membership | undefined;
  /** Whether the stream has ended, or must end because of a message. */
  private isOver = false;

  constructor(
    private readonly call: BidiCall,
    private readonly services: MessageServices,
    private readonly events: MessageEvents,
  ) {
    this.owner = new PeerCharge(services.runtime.ledger, call);
    this.session = events.session;
    this.carriesRequests = events.carriesRequests ?? false;
    this.membership = join(call, services, events);
  }

  pause(): void {
    this.call.pause();
  }

  resume(): void {
    this.call.resume();
  }

  guard(run: () => void): void {
    if (this.isOver) return;
    this.guarded(run);
    this.membership?.retell();
  }

  close(): void {
    this.isOver = true;
    this.membership?.leave();
    this.guarded(this.events.closed);
    this.owner.end();
  }

  /** This runs for every message, so it creates no callbacks unless something is thrown. */
  private guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    const { call, services, events } = this;
    guard(
      services.logger,
      (status) => fail(call, status),
      () => {
        throw error;
      },
      (refusal) => {
        this.isOver = true;
        events.rejected(refusal);
      },
    );
  }
}

function join(call: OutgoingCall, { connections }: CallServices, { session }: StreamEvents) {
  return session === undefined ? undefined : connections?.join(call, session);
}

function onceClosed(call: OutgoingCall, closed: () => void): void {
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    closed();
  };
  call.on("cancelled", close);
  call.on("close", close);
}

/** Handles a call in the turn of its peer, unless the call is cancelled before. */
export function takeTurn(
  runtime: Pick<Runtime, "inTurn" | "ledger">,
  call: UnaryCall | OutgoingCall,
  handle: () => void,
): void {
  runtime.inTurn(new CallPeer(runtime.ledger, call), () => {
    if (!call.cancelled) handle();
  });
}

/** Calls back when the peer cancels a call or its deadline passes; a stream also after a clean finish. */
export function onCancelled(call: Cancellable, cancelled: () => void): void {
  call.on("cancelled", cancelled);
}

/**
 * The deadline that the peer set for a call, on the monotonic clock; undefined if it set none. If the headers of the call
 * were not read, the deadline is the one that grpc-js has read, which is wrong beyond 24.8 days.
 */
export function deadlineOf(
  call: OutgoingCall | UnaryCall,
  { headers, internals, clock }: DeadlineServices,
): Instant | undefined {
  const known = headers.deadlineOf(internals.http2StreamOf(call));
  if (known !== undefined) return known;
  const deadline = call.getDeadline();
  const at = deadline instanceof Date ? deadline.getTime() : deadline;
  return Number.isFinite(at) ? clock.now() + (at - Date.now()) : undefined;
}

function malformed(error: WireError): Refusal {
  return {
    reason: "MALFORMED_MESSAGE",
    message: `the message is not valid protobuf: ${error.message}`,
    metadata: {},
    violations: [],
    input: undefined,
    retryAfterMs: undefined,
  };
}
