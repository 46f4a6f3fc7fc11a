/** One call of the attacker. */
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from "node:http2";
import { gzipSync } from "node:zlib";
import { status as Code } from "@grpc/grpc-js";
import { Status } from "ate-dispatcher-client/internal";
import { readStatus } from "../../support/wire-status.js";
import type { CallOptions } from "./connection.js";
import { framed, gzipped, gzippedParts, Unframer } from "./framing.js";
import type { Tally } from "./tally.js";

/** A message; its frame is made once if it is sent often. */
export type OutgoingMessage = Uint8Array | PreparedMessage;

/** A message that is framed already. */
export interface PreparedMessage {
  readonly frame: Buffer;
  /** Before compression. */
  readonly byteLength: number;
}

/** Compresses a message once for many sends. */
export function prepared(message: Uint8Array, gzip = false): PreparedMessage {
  return { frame: gzip ? gzipped(message) : framed(message), byteLength: message.byteLength };
}

/**
 * A compressed message with a long end that many messages share: it is compressed once, so that a message of a megabyte
 * costs the attacker nothing.
 *
 * @param tail - from `sharedTail`.
 */
export function withTail(head: Uint8Array, tail: SharedTail): PreparedMessage {
  return {
    frame: gzippedParts([gzipSync(head, { level: 1 }), tail.compressed]),
    byteLength: head.byteLength + tail.byteLength,
  };
}

/** The end of many messages. */
export interface SharedTail {
  readonly compressed: Buffer;
  readonly byteLength: number;
}

/** Compresses the end of many messages. */
export function sharedTail(bytes: Uint8Array): SharedTail {
  return { compressed: gzipSync(bytes, { level: 9 }), byteLength: bytes.byteLength };
}

/** An open call. */
export class Stream {
  /** Resolves with the status, or with how the call ended without one. */
  readonly ended: Promise<string>;
  receivedBytes = 0;
  readonly #stream: ClientHttp2Stream;
  readonly #gzip: boolean;
  readonly #tally: Tally;

  constructor(
    session: ClientHttp2Session,
    headers: Record<string, string>,
    options: CallOptions,
    tally: Tally,
  ) {
    this.#gzip = options.gzip ?? false;
    this.#tally = tally;
    if (session.destroyed || session.closed) {
      this.#stream = undefined as never;
      this.ended = Promise.resolve("connection closed");
      return;
    }
    const stream = session.request(headers);
    this.#stream = stream;
    let received: Record<string, unknown> = {};
    // Node closes a stream only when both sides are closed. A reset of a call that is over would count as one.
    const keep = (found: object): void => {
      received = { ...received, ...found };
      if ("grpc-status" in received && !stream.writableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    };
    stream.on("response", keep);
    stream.on("trailers", keep);
    stream.on("error", () => undefined);
    if (options.onMessage) {
      const unframer = new Unframer(options.onMessage);
      stream.on("data", (bytes: Buffer) => {
        this.receivedBytes += bytes.byteLength;
        unframer.receive(bytes);
      });
    } else if (!options.isUnread) stream.resume();
    this.ended = new Promise((resolve) => {
      stream.on("close", () => {
        const end = endOf(received, stream.rstCode);
        tally.tell(end);
        resolve(end);
      });
    });
  }

  /** Whether messages can still be sent. */
  get isOpen(): boolean {
    return this.#stream?.writable ?? false;
  }

  /** Sends a message. @returns false if it waits for the peer to read. */
  send(message: OutgoingMessage): boolean {
    this.#tally.decompressedBytes += message.byteLength;
    if ("frame" in message) return this.sendBytes(message.frame);
    return this.sendBytes(this.#gzip ? gzipped(message) : framed(message));
  }

  /** Sends bytes as they are. @returns false if they wait for the peer to read. */
  sendBytes(bytes: Buffer): boolean {
    return this.isOpen && this.#stream.write(bytes);
  }

  /** Sends a message when those before it are on their way; resolves at once if the call has ended. */
  async sendInTurn(message: OutgoingMessage): Promise<void> {
    if (this.send(message) || !this.isOpen) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#stream.off("drain", done);
        this.#stream.off("close", done);
        resolve();
      };
      this.#stream.on("drain", done);
      this.#stream.on("close", done);
    });
  }

  /** Half-closes. */
  finish(): void {
    if (this.isOpen) this.#stream.end();
  }

  /** Resets the call. */
  reset(): void {
    this.#stream?.close(constants.NGHTTP2_CANCEL);
  }
}

/** The status of a call, such as `RESOURCE_EXHAUSTED PENDING_LIMIT`, or how it ended without one. */
function endOf(received: Readonly<Record<string, unknown>>, rstCode: number | undefined): string {
  const code = received["grpc-status"];
  if (code === undefined) return `ended without a status (${rstCode ?? "no"} reset)`;
  const name = Code[Number(code)] ?? String(code);
  const details = received["grpc-status-details-bin"];
  return details === undefined ? name : `${name} ${reasonOf(String(details))}`;
}

function reasonOf(details: string): string {
  try {
    return readStatus(Status.decode(Buffer.from(details, "base64"))).reason;
  } catch {
    return "with unreadable details";
  }
}
