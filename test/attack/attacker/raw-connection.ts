/** A TCP connection of the attacker, on which it writes HTTP/2 frames itself, in any order and number. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { hostAndPort, http2ErrorName } from "./connection.js";
import type { Tally } from "./tally.js";

/** The first bytes of each HTTP/2 connection. */
export const PREFACE: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** The types of frames. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** The flags of frames. */
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4 } as const;

const HEADER_BYTES = 9;

/** An HTTP/2 frame. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + payload.byteLength);
  bytes.writeUIntBE(payload.byteLength, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** Headers of a call as HPACK literals that are not indexed and not compressed. */
export function literalHeaders(headers: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    parts.push(Buffer.from([0]), hpackText(name), hpackText(value));
  }
  return Buffer.concat(parts);
}

/** The headers of a gRPC call. */
export function callHeaders(path: string): Readonly<Record<string, string>> {
  return {
    ":method": "POST",
    ":scheme": "http",
    ":authority": "attack",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  };
}

/** A text of HPACK, not compressed. */
export function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([hpackLength(bytes.byteLength), bytes]);
}

/** An integer with a prefix of seven bits (RFC 7541, 5.1). */
function hpackLength(length: number): Buffer {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** One connection. */
export class RawConnection {
  readonly socket: Socket;
  /** Number of streams that the peer has ended. */
  endedStreams = 0;
  readonly #tally: Tally;
  #hasBegun = false;
  #received: Buffer = Buffer.alloc(0);

  /** @param from - the address that it connects from. */
  constructor(address: string, tally: Tally, from = "127.0.0.2") {
    this.#tally = tally;
    const { host, port } = hostAndPort(address);
    this.socket = connect({ host, port, localAddress: from });
    this.socket.setNoDelay(true);
    tally.follow(this.socket);
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => {
      tally.tell("connection closed");
      tally.release(this.socket);
    });
    this.socket.on("data", (bytes) => this.#receive(bytes));
  }

  get isOpen(): boolean {
    return !this.socket.destroyed && this.socket.writable;
  }

  /** Resolves when the connection is there, or has failed. */
  async connected(): Promise<void> {
    if (!this.socket.connecting) return;
    await Promise.race([once(this.socket, "connect"), once(this.socket, "close")]).catch(() => undefined);
  }

  /** Sends the preface and settings. */
  begin(settings: Uint8Array = new Uint8Array()): void {
    this.#hasBegun = true;
    this.send(PREFACE, frame(FRAME.settings, 0, 0, settings));
  }

  /** Sends bytes. @returns false if they wait for the peer to read. */
  send(...parts: readonly Uint8Array[]): boolean {
    if (!this.isOpen) return false;
    const bytes = Buffer.concat(parts);
    this.#tally.decompressedBytes += bytes.byteLength;
    return this.socket.write(bytes);
  }

  /** Sends bytes when those before them are on their way; resolves at once if the connection is closed. */
  async sendInTurn(...parts: readonly Uint8Array[]): Promise<void> {
    if (this.send(...parts) || !this.isOpen) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.socket.off("drain", done);
        this.socket.off("close", done);
        resolve();
      };
      this.socket.on("drain", done);
      this.socket.on("close", done);
    });
  }

  /** Reads frames: answers what must be answered, counts ended streams, and notes what says why something ended. */
  #receive(bytes: Buffer): void {
    this.#received = this.#received.byteLength === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    while (this.#received.byteLength >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#received.readUIntBE(0, 3);
      if (this.#received.byteLength < end) break;
      const type = this.#received.readUInt8(3);
      const flags = this.#received.readUInt8(4);
      this.#take(type, flags, this.#received.subarray(HEADER_BYTES, end));
      this.#received = this.#received.subarray(end);
    }
  }

  #take(type: number, flags: number, payload: Buffer): void {
    const isAck = (flags & FLAG.ack) !== 0;
    // An answer before the preface would be a broken preface.
    const isAnswered = this.#hasBegun && !isAck;
    if (type === FRAME.settings && isAnswered) this.send(frame(FRAME.settings, FLAG.ack, 0));
    else if (type === FRAME.ping && isAnswered) this.send(frame(FRAME.ping, FLAG.ack, 0, payload));
    else if (type === FRAME.goaway) this.#tally.tell(`GOAWAY ${http2ErrorName(payload.readUInt32BE(4))}`);
    else if (type === FRAME.reset) {
      this.endedStreams++;
      this.#tally.tell(`RST_STREAM ${http2ErrorName(payload.readUInt32BE(0))}`);
    } else if ((type === FRAME.headers || type === FRAME.data) && (flags & FLAG.endStream) !== 0) {
      this.endedStreams++;
      this.#tally.tell("answer");
    }
  }
}
