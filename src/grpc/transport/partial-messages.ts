/**
 * Bounds messages that have begun and are not complete. grpc-js keeps every frame of a message until the message is
 * complete; without a bound, a message that never ends would hold its bytes as long as its stream.
 *
 * Incomplete messages of a connection share a budget. Beyond it, the stream whose message exceeds it is not read: its bytes
 * stay with the peer, in the flow-control window of the stream, until others are complete. One message is always read.
 * Refusing it instead would fail most of a dozen honest calls of 1 MiB on one connection, because their frames alternate.
 * A message that is read but not complete within a deadline ends its call, and so do messages beyond the budget of the
 * address. See docs/adr/0018.
 */
import type { ServerHttp2Stream } from "node:http2";
import { whoIs } from "../../core/vocabulary/peer.js";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import type { Watchdog } from "../../ports/watchdog.js";
import type { EdgeOptions } from "../options.js";
import type { Peer } from "./peer.js";
import type { PeerConnection } from "./peer-connection.js";

/** The prefix of a gRPC message: one byte for compression, four bytes for the length. */
const PREFIX_BYTES = 5;
/** Cost of keeping a frame beside its bytes: the Buffer, and its place in an array of grpc-js. An estimate. */
const FRAME_BYTES = 256;
/**
 * A frame keeps alive the whole read of the socket in which it arrived, up to 64 KiB. Frames of other streams may be in it,
 * so a frame is charged a part of it: frames of the usual 16 KiB cost their size, and small ones at most four times less than
 * they hold.
 */
const READ_SHARE = 1 / 4;
/** Bytes that may wait for a stream that is not read: the flow-control window that Node gives each stream. */
const WINDOW_BYTES = 64 * 1_024;
/** Several messages of the usual size, even if the largest message is small. */
const MIN_CONNECTION_BYTES = 4 * 1_024 * 1_024;
/**
 * A shorter frame within a message is counted as useless if another one came just before it: no library splits messages so.
 * One alone may be the end of a frame of 16 KiB, which TLS splits into a record of 16 KiB and one of 9 bytes.
 */
const MIN_FRAME_BYTES = 64;

/** The bounds. */
export interface PartialLimits {
  /** Bytes of incomplete messages of one connection. */
  readonly maxConnectionBytes: number;
  /** Bytes of incomplete messages of one peer. */
  readonly maxPeerBytes: number;
  /** Length of the deadline, for the text. */
  readonly timeoutMs: number;
}

/** The bounds that follow from the settings. */
export function partialLimits({ maxMessageBytes, firstMessageTimeoutMs }: EdgeOptions): PartialLimits {
  const maxConnectionBytes = Math.max(MIN_CONNECTION_BYTES, 4 * maxMessageBytes);
  return {
    maxConnectionBytes,
    maxPeerBytes: 32 * maxConnectionBytes,
    timeoutMs: firstMessageTimeoutMs,
  };
}

/** Services that the bounds need. */
export interface PartialServices {
  readonly limits: PartialLimits;
  /** The deadline of a message from its first byte on. */
  readonly deadline: Watchdog;
  /** A frame arrived that no library sends. */
  readonly useless: (connection: PeerConnection) => void;
}

/** The message of one stream that is not complete, if there is one. */
export class PartialMessage {
  readonly #stream: ServerHttp2Stream;
  readonly #connection: PeerConnection;
  readonly #services: PartialServices;
  readonly #refuse: (refused: Refusal) => void;
  readonly #isSingle: boolean;
  /** Bytes of the message that are still to come. */
  #missing = 0;
  /** Bytes of the prefix that have arrived; 0 between messages. */
  #prefixCount = 0;
  /** The length in the prefix, as far as it has arrived. */
  #length = 0;
  /** Bytes that are charged. */
  #charged = 0;
  /** The read of the socket that is charged already. */
  #read: ArrayBufferLike | undefined = undefined;
  #stopDeadline: (() => void) | undefined = undefined;
  #isOver = false;
  /** Whether the frame before was too short. */
  #wasShort = false;

  /**
   * Follows the frames of a stream.
   *
   * @param isSingle - whether the call takes one message and is complete at its half-close. Its deadline is the caller's
   * affair: it begins before the first byte.
   * @param refuse - ends the call. It is called at most once.
   */
  constructor(
    stream: ServerHttp2Stream,
    connection: PeerConnection,
    services: PartialServices,
    isSingle: boolean,
    refuse: (refused: Refusal) => void,
  ) {
    this.#isSingle = isSingle;
    this.#stream = stream;
    this.#connection = connection;
    this.#services = services;
    this.#refuse = refuse;
  }

  /** A frame has arrived, and grpc-js has taken it. */
  take(frame: Buffer): void {
    const isBetween = this.#isBetween();
    // Most frames are one whole message.
    if (isBetween && !this.#isSingle && isWhole(frame)) return;
    // grpc-js drops what arrives after the status of a call.
    if (this.#stream.writableEnded) this.close();
    if (this.#isOver) return;
    const begin = this.#walk(frame);
    if (!this.#isSingle) {
      if (begin > 0 || this.#isBetween()) this.#release();
      if (this.#isBetween()) return;
    }
    const isShort = frame.length < MIN_FRAME_BYTES && !isBetween && begin === 0;
    if (isShort && this.#wasShort) this.#services.useless(this.#connection);
    this.#wasShort = isShort;
    this.#charge(frame, frame.length - begin);
    this.#check();
  }

  /** The call is complete, or its stream has closed. */
  close(): void {
    this.#isOver = true;
    this.#release();
  }

  /** Reads the stream on. */
  proceed(): void {
    this.#connection.waiting.delete(this);
    this.#connection.chargeWindow(-WINDOW_BYTES);
    this.#startDeadline();
    this.#stream.resume();
  }

  #isBetween(): boolean {
    return this.#missing === 0 && this.#prefixCount === 0;
  }

  /** Walks over the messages in a frame. @returns where the last one begins; 0 if it began in an earlier frame. */
  #walk(frame: Buffer): number {
    let begin = 0;
    let at = 0;
    while (at < frame.length) {
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, frame.length - at);
        this.#missing -= taken;
        at += taken;
        continue;
      }
      if (this.#prefixCount === 0) begin = at;
      if (this.#prefixCount > 0) this.#length = this.#length * 256 + (frame[at] as number);
      at++;
      if (++this.#prefixCount < PREFIX_BYTES) continue;
      this.#missing = this.#length;
      this.#prefixCount = 0;
      this.#length = 0;
    }
    return begin;
  }

  #charge(frame: Buffer, byteLength: number): void {
    const { buffer: read } = frame;
    const share = read === this.#read ? 0 : read.byteLength * READ_SHARE;
    this.#read = read;
    const bytes = FRAME_BYTES + Math.max(byteLength, share);
    this.#charged += bytes;
    this.#connection.chargePartial(bytes);
    if (this.#connection.partial.has(this)) return;
    this.#connection.partial.add(this);
    this.#startDeadline();
  }

  #check(): void {
    const { partial, waiting, partialBytes, peer, pressure } = this.#connection;
    const { maxPeerBytes } = this.#services.limits;
    const maxConnectionBytes = this.#maxConnectionBytes();
    const refused = pressure === "EXTREME" ? this.#connection.refusalOf(this.#charged) : undefined;
    if (peer.partialBytes > maxPeerBytes) this.#end(tooMany(peer, maxPeerBytes));
    else if (refused) this.#end(refused);
    // grpc-js pauses the stream itself after a complete message, and then reads on without asking.
    else if (
      partialBytes > maxConnectionBytes &&
      partial.size - waiting.size > 1 &&
      !this.#stream.isPaused()
    ) {
      this.#stopDeadline?.();
      waiting.add(this);
      this.#connection.chargeWindow(WINDOW_BYTES);
      this.#stream.pause();
    }
  }

  /** While the peer holds more than it may, its connections read one message after the other. */
  #maxConnectionBytes(): number {
    return this.#connection.pressure === "NONE" ? this.#services.limits.maxConnectionBytes : 0;
  }

  #startDeadline(): void {
    if (this.#isSingle) return;
    const { deadline, limits } = this.#services;
    this.#stopDeadline = deadline.watch(() => this.#end(tooSlow(limits.timeoutMs)));
  }

  #end(refused: Refusal): void {
    this.close();
    this.#refuse(refused);
  }

  #release(): void {
    const connection = this.#connection;
    if (!connection.partial.delete(this)) return;
    this.#stopDeadline?.();
    this.#stopDeadline = undefined;
    this.#read = undefined;
    connection.chargePartial(-this.#charged);
    this.#charged = 0;
    if (connection.waiting.delete(this)) connection.chargeWindow(-WINDOW_BYTES);
    for (const next of connection.waiting) {
      const isRead = connection.partial.size > connection.waiting.size;
      if (isRead && connection.partialBytes > this.#maxConnectionBytes()) break;
      next.proceed();
    }
  }
}

function isWhole(frame: Buffer): boolean {
  return frame.length >= PREFIX_BYTES && frame.readUInt32BE(1) === frame.length - PREFIX_BYTES;
}

function tooSlow(limitMs: number): Refusal {
  const limit = String(limitMs);
  const message = `a message is not complete ${limit} ms after its first byte; send whole messages, or raise firstMessageTimeoutMs`;
  return refusal("PARTIAL_MESSAGE_LIMIT", message, { limit_ms: limit });
}

function tooMany(peer: Peer, maxBytes: number): Refusal {
  const limit = String(maxBytes);
  const message = `incomplete messages of ${whoIs(peer.id)} hold more than ${limit} bytes; complete messages one after the other`;
  return refusal("PARTIAL_MESSAGE_LIMIT", message, { scope: "peer", limit }, 1_000);
}
