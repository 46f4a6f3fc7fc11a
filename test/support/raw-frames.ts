/**
 * HTTP/2 written by hand over a plain socket, so that a test can send what no client library would: no preface, half a
 * message, any number of resets, and no reading.
 */
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";

/** Types of frames. */
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
} as const;

/** Flags of frames. */
export const FLAG = { none: 0, ack: 1, endStream: 1, endHeaders: 4 } as const;

const HEADER_BYTES = 9;
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** A frame with its payload. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** The start of a connection. @param window - bytes that the server may send on each stream before it must wait. */
export function preface(window = 65_535): Buffer {
  const setting = Buffer.alloc(6);
  setting.writeUInt16BE(4, 0);
  setting.writeUInt32BE(window, 2);
  return Buffer.concat([Buffer.from(PREFACE), frame(FRAME.settings, FLAG.none, 0, setting)]);
}

/** A SETTINGS frame without settings. */
export const EMPTY_SETTINGS = frame(FRAME.settings, FLAG.none, 0);

/** The headers of a call. @param path - of the method, such as `/grpc.health.v1.Health/Watch`. */
export function callHeaders(stream: number, path: string, more: readonly Uint8Array[] = []): Buffer {
  const block = Buffer.concat([
    entry(":method", "POST"),
    entry(":scheme", "http"),
    entry(":path", path),
    entry(":authority", "raw"),
    entry("content-type", "application/grpc"),
    entry("te", "trailers"),
    ...more,
  ]);
  return frame(FRAME.headers, FLAG.endHeaders, stream, block);
}

/** An entry of a header block. @param isKept - whether the server keeps it in its table, as the newest entry. */
export function entry(name: string, value: string, isKept = false): Buffer {
  return Buffer.concat([Buffer.from([isKept ? 0x40 : 0]), text(name), text(value)]);
}

/** An entry of a header block that repeats the newest one in the server's table. */
export const NEWEST_ENTRY = Buffer.from([0x80 | 62]);

/** The length of a text as a prefixed integer of seven bits, and the text. */
function text(of: string): Buffer {
  const bytes = Buffer.from(of);
  const length = [Math.min(bytes.length, 127)];
  if (bytes.length >= 127) {
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** A DATA frame. */
export function data(stream: number, bytes: Uint8Array, isLast = false): Buffer {
  return frame(FRAME.data, isLast ? FLAG.endStream : FLAG.none, stream, bytes);
}

/** The prefix of a message: how long the message says that it is. */
export function prefix(byteLength: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(byteLength, 1);
  return bytes;
}

/** A message behind its prefix, as the whole of what a call sends. */
export function message(stream: number, bytes: Uint8Array): Buffer {
  return data(stream, Buffer.concat([prefix(bytes.length), bytes]), true);
}

/** A RST_STREAM with the code CANCEL. */
export function reset(stream: number): Buffer {
  return frame(FRAME.reset, FLAG.none, stream, Buffer.from([0, 0, 0, 8]));
}

/** A GOAWAY without an error. @param lastStream - the stream that it names as the last one. */
export function goAway(lastStream: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStream);
  return frame(FRAME.goaway, FLAG.none, 0, payload);
}

/** A PING. */
export function ping(): Buffer {
  return frame(FRAME.ping, FLAG.none, 0, Buffer.alloc(8));
}

/** Lets the server send more. */
export function windowUpdate(stream: number, byteLength: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(byteLength);
  return frame(FRAME.windowUpdate, FLAG.none, stream, bytes);
}

/** A frame as received. */
export interface Received {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A connection whose bytes a test writes. It reads all frames, and answers none of them. */
export class RawConnection {
  /** Every frame received so far. */
  readonly frames: Received[] = [];
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #rest = Buffer.alloc(0);
  #arrived: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        resolve();
        this.#arrived();
      });
    });
  }

  /** Connects. @param localAddress - an address of this machine, to be another peer. */
  static async open(address: string, localAddress = "127.0.0.1"): Promise<RawConnection> {
    const at = address.lastIndexOf(":");
    const socket = connectTcp({
      host: address.slice(0, at),
      port: Number(address.slice(at + 1)),
      localAddress,
    });
    const connection = new RawConnection(socket);
    await Promise.race([once(socket, "connect"), connection.closed]);
    return connection;
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  /** Sends bytes. Resolves when the system has taken them, or the connection is closed. */
  async send(...parts: readonly Uint8Array[]): Promise<void> {
    if (this.isClosed) return;
    const taken = new Promise<void>((resolve) => {
      this.#socket.write(Buffer.concat(parts), () => resolve());
    });
    await Promise.race([taken, this.closed]);
  }

  /** Resolves with the first frame received that fits, or undefined if the connection closes without one. */
  async next(fits: (received: Received) => boolean): Promise<Received | undefined> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found || this.isClosed) return found;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  /** Reads nothing more. */
  pause(): void {
    this.#socket.pause();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) break;
      this.frames.push({
        type: this.#rest.readUInt8(3),
        flags: this.#rest.readUInt8(4),
        stream: this.#rest.readUInt32BE(5) & 0x7fffffff,
        payload: this.#rest.subarray(HEADER_BYTES, end),
      });
      this.#rest = this.#rest.subarray(end);
    }
    this.#arrived();
  }
}
