/**
 * The sending side of a call.
 */
import { constants, type ServerHttp2Stream } from "node:http2";
import { Metadata } from "@grpc/grpc-js";
import type { Refusal } from "../../core/vocabulary/reason.js";
import type { Logger } from "../../ports/logger.js";
import type { Sink } from "../../ports/sink.js";
import type { Watchdog } from "../../ports/watchdog.js";
import { FIELD_PATHS, type FieldPaths } from "../wire/field-paths.js";
import { grpcStatus } from "../wire/status.js";
import { fail, guard, type OutgoingCall, onCancelled } from "./call.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";
import { writeMessage } from "./http2-stream.js";
import { PieceWriter } from "./piece-writer.js";

/** Services that the sending side of a call needs. */
export interface SinkServices {
  readonly logger: Logger;
  /** Resets a closed stream that its peer does not read to the end. */
  readonly closing: Watchdog;
  /** Access to internals of the grpc-js server and its calls. */
  readonly internals: GrpcJsInternals;
}

/**
 * Creates the sending side of a call. A closing stream is reset if its peer reads nothing for too long.
 *
 * @param paths - the paths of the fields that a refusal names, in the messages of the call.
 */
export function sinkOf(call: OutgoingCall, services: SinkServices, paths: FieldPaths = FIELD_PATHS): Sink {
  return new CallSink(call, services, paths);
}

/**
 * The natural way is an object of closures, but that costs 200 bytes more for each idle stream. This is a class, whose
 * methods are shared. It can become closures again when the memory of an idle stream no longer matters.
 */
class CallSink implements Sink {
  /** Cancels the close timeout; set while the stream is closing. */
  private cancelTimeout: (() => void) | undefined = undefined;
  private readonly stream: ServerHttp2Stream | undefined;
  /** The stream, once messages may be written to it directly instead of through grpc-js. */
  private direct: ServerHttp2Stream | undefined = undefined;
  private pieces: PieceWriter | undefined = undefined;
  private hasRequestedHeaders = false;
  /** How often the stream has taken bytes. */
  private takenCount = 0;

  constructor(
    private readonly call: OutgoingCall,
    private readonly services: SinkServices,
    private readonly paths: FieldPaths,
  ) {
    this.stream = services.internals.http2StreamOf(call);
    // Send the headers at once. Otherwise a proxy that times the stream out reports that there was no response at all.
    if ("readable" in call) this.requestHeaders();
  }

  write(parts: readonly Uint8Array[], sent: () => void): void {
    const written = (error?: Error | null): void => {
      if (error) return;
      this.noteTaken();
      sent();
    };
    const stream = this.direct ?? this.openDirect();
    if (stream) writeMessage(stream, parts, written);
    else if (!this.call.writableEnded) this.call.write(Buffer.concat(parts), written);
  }

  /**
   * Returns the stream if messages may bypass grpc-js: the headers are sent, and so is every message that was written to
   * the call before. An interceptor may delay the headers. A direct write before them would make Node send headers of its
   * own, and grpc-js would throw when it sends its headers later.
   */
  private openDirect(): ServerHttp2Stream | undefined {
    this.requestHeaders();
    if (this.stream?.headersSent && this.call.writableLength === 0) {
      this.direct = this.stream;
      this.pieces = new PieceWriter(this.stream, () => this.noteTaken());
    }
    return this.direct;
  }

  observe(): () => boolean {
    const { takenCount } = this;
    this.pieces?.restart();
    return () => this.takenCount > takenCount;
  }

  private noteTaken(): void {
    this.takenCount++;
    if (this.cancelTimeout) this.closing();
  }

  /** Sends the headers through the interceptors; later calls do nothing. */
  private requestHeaders(): void {
    if (this.hasRequestedHeaders) return;
    this.hasRequestedHeaders = true;
    this.call.sendMetadata(new Metadata());
  }

  closing(): void {
    const { call, services } = this;
    if (call.cancelled) return;
    this.pieces?.restart();
    if (this.cancelTimeout) this.cancelTimeout();
    else onCancelled(call, () => this.cancelTimeout?.());
    this.cancelTimeout = services.closing.watch(() => {
      // A status would queue behind the unread messages, so the stream is reset. If the stream below grpc-js is not
      // known, it stays open until its connection closes.
      this.stream?.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    });
  }

  end(refusal: Refusal | undefined): void {
    if (refusal) fail(this.call, grpcStatus(refusal, this.paths));
    else this.call.end();
    if (!this.cancelTimeout) this.closing();
  }

  fail(bug: unknown): void {
    guard(
      this.services.logger,
      (status) => fail(this.call, status),
      () => {
        throw bug;
      },
    );
  }
}
