/**
 * Ends calls whose messages do not arrive: incomplete calls of one message, streams that stay silent after they open, and
 * messages that are not completed. Without this they stay open, because the idle and age limits of a connection do not end
 * its streams.
 */
import { constants, type ServerHttp2Stream } from "node:http2";
import {
  type Metadata,
  type Responder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
} from "@grpc/grpc-js";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import type { Watchdog } from "../../ports/watchdog.js";
import type { EdgeOptions } from "../options.js";
import { type GrpcStatus, grpcStatus } from "../wire/status.js";
import { isContextKey } from "../wire/trace-context.js";
import type { Authentication } from "./authentication.js";
import type { CallHeaders } from "./call-headers.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";
import { followFrames, onceClosed } from "./http2-events.js";
import { isOtherStream, type OtherStreams } from "./other-streams.js";
import { PartialMessage, type PartialServices } from "./partial-messages.js";
import type { PeerConnection } from "./peer-connection.js";
import type { PeerConnections } from "./peer-connections.js";
import { explainMistakes } from "./peer-mistakes.js";
import { chargeAnswer, StreamAnswers, unreadRefusal } from "./unread-answers.js";

/** Streams without a deadline of their first message: clients open them ahead of it. */
const WITHOUT_TIMEOUT = new Set(["/ate.dispatcher.v1.DispatcherService/Submit"]);

/** The only stream whose metadata is read after it has opened. */
const GATHER = "/ate.dispatcher.v1.DispatcherService/Gather";

/** Services that the checks of a call need. */
export interface FirstMessageServices {
  /** Ends calls whose messages do not arrive in time. */
  readonly opening: Watchdog;
  /** Resets the stream of an ended call that its peer keeps open. */
  readonly closing: Watchdog;
  readonly options: EdgeOptions;
  readonly internals: GrpcJsInternals;
  readonly headers: CallHeaders;
  readonly peers: PeerConnections;
  readonly partial: PartialServices;
  readonly otherStreams: OtherStreams;
  /** Says who calls; undefined if everybody may. */
  readonly authentication: Authentication | undefined;
}

/** Checks the headers of a call, bounds its metadata and its incomplete messages, and explains a peer's mistakes. */
export function firstMessageInterceptor(services: FirstMessageServices): ServerInterceptor {
  const { opening, closing, options, internals, headers, peers, partial, authentication } = services;
  return (method, call) => {
    explainMistakes(call, options, internals);
    const stream = internals.http2StreamOf({ call });
    const connection = peers.of(stream?.session);
    // grpc-js asks the socket, which knows no address on a Unix socket, or once it is closed.
    if (connection) call.getPeer = () => connection.address;
    const endWith = (status: GrpcStatus): void => {
      call.sendStatus(status);
      if (stream) resetUnlessClosed(stream, closing);
    };
    const end = (refused: Refusal): void => endWith(grpcStatus(refused));
    const isUnary = !method.requestStream && !method.responseStream;
    const isOther = isOtherStream(method.path);
    const answers = connection && isOther && method.requestStream ? new StreamAnswers(connection) : undefined;
    let message: PartialMessage | undefined;
    let stop = (): void => undefined;
    let isCancelled = false;
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const sent = metadata.toHttp2Headers();
        const refused = headers.refusalOf(stream) ?? metadataRefusal(sent, options);
        if (refused) {
          call.sendStatus(grpcStatus(refused));
          return;
        }
        const admit = (): void => {
          if (stream && connection) {
            const tooMany = isOther ? countStream(services, stream, connection) : undefined;
            if (tooMany) {
              call.sendStatus(grpcStatus(tooMany));
              return;
            }
            message = new PartialMessage(stream, connection, partial, !method.requestStream, end);
            followMessage(stream, message);
          }
          if (!WITHOUT_TIMEOUT.has(method.path)) {
            stop = opening.watch(() => end(firstMessageTimeout(options.firstMessageTimeoutMs)));
          }
          // grpc-js keeps the metadata as long as the call: 16 KiB of a stream that may have cost 20 bytes with HPACK.
          if (method.responseStream) forget(metadata, Object.keys(sent), method.path === GATHER);
          next(metadata);
        };
        if (!authentication) {
          admit();
          return;
        }
        authentication.begin({
          path: method.path,
          peer: call.getPeer(),
          stream,
          metadata,
          isOver: () => isCancelled || stream?.destroyed === true,
          admit,
          refuse: endWith,
        });
      })
      .withOnReceiveMessage((received, next) => {
        // A call of one message is handled when its peer has closed its side.
        if (method.requestStream) stop();
        const refused = answers?.asked();
        if (refused) end(refused);
        else next(received);
      })
      .withOnReceiveHalfClose((next) => {
        stop();
        if (!method.requestStream) message?.close();
        const refused = isUnary && connection ? unreadRefusal(connection) : undefined;
        if (refused) call.sendStatus(grpcStatus(refused));
        else next();
      })
      .withOnCancel(() => {
        isCancelled = true;
        stop();
      })
      .build();
    const start: Responder["start"] = (next) => next(listener);
    if (!stream || !connection || !(isUnary || answers)) return new ServerInterceptingCall(call, { start });
    if (answers) onceClosed(stream, () => answers.close());
    const sendMessage: Responder["sendMessage"] = (answer, next) => {
      if (answers) answers.answering();
      else chargeAnswer(stream, connection, answer, closing);
      next(answer);
    };
    return new ServerInterceptingCall(call, { start, sendMessage });
  };
}

/** Counts a stream that is no session until it closes. @returns why it may not be opened; undefined if it may. */
function countStream(
  { otherStreams }: FirstMessageServices,
  stream: ServerHttp2Stream,
  connection: PeerConnection,
): Refusal | undefined {
  const refused = otherStreams.open(connection);
  if (!refused) onceClosed(stream, () => otherStreams.close(connection));
  return refused;
}

/** Removes metadata that nobody reads. */
function forget(metadata: Metadata, keys: readonly string[], keepsContext: boolean): void {
  for (const key of keys) if (!keepsContext || !isContextKey(key)) metadata.remove(key);
}

function followMessage(stream: ServerHttp2Stream, message: PartialMessage): void {
  followFrames(
    stream,
    (frame) => message.take(frame),
    () => message.close(),
  );
}

/** A status queues behind messages that the peer does not read, and a peer may keep its own side of a stream open. */
function resetUnlessClosed(stream: ServerHttp2Stream, closing: Watchdog): void {
  onceClosed(
    stream,
    closing.watch(() => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)),
  );
}

function firstMessageTimeout(timeoutMs: number): Refusal {
  const limit = String(timeoutMs);
  const message = `no message arrived within ${limit} ms; send the first message when the stream opens`;
  return refusal("FIRST_MESSAGE_TIMEOUT", message, { limit_ms: limit });
}

function metadataRefusal(headers: Record<string, unknown>, options: EdgeOptions): Refusal | undefined {
  const bytes = sizeOf(headers);
  if (bytes <= options.maxMetadataBytes) return undefined;
  const limit = String(options.maxMetadataBytes);
  const message = `the metadata has ${bytes} bytes, and the limit is ${limit}; send less metadata`;
  return refusal("METADATA_LIMIT", message, { limit });
}

function sizeOf(headers: Record<string, unknown>): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(headers)) bytes += key.length + String(value).length;
  return bytes;
}
