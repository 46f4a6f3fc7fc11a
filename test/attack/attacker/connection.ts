/** An HTTP/2 connection of the attacker, from an address of its own, on which it chooses every byte of a call. */
import { type ClientHttp2Session, type ClientSessionOptions, connect, constants } from "node:http2";
import { connect as connectSocket } from "node:net";
import { type OutgoingMessage, Stream } from "./stream.js";
import type { Tally } from "./tally.js";

const HTTP2_ERRORS = new Map(
  Object.entries(constants)
    .filter(([name]) => name.startsWith("NGHTTP2_") && !name.includes("_ERR_") && !name.includes("_FLAG_"))
    .filter(([name]) => /^NGHTTP2_(NO_ERROR|[A-Z0-9_]+_ERROR|[A-Z_]+_CALM|REFUSED_STREAM|CANCEL)$/.test(name))
    .map(([name, code]) => [code as number, name.replace("NGHTTP2_", "")]),
);

/** The name of an HTTP/2 error code. */
export function http2ErrorName(code: number): string {
  return HTTP2_ERRORS.get(code) ?? String(code);
}

/** How an attacker connects. */
export interface ConnectionOptions {
  /** The address that it connects from. Default: 127.0.0.2. */
  readonly from?: string;
  /** Whether the peer is granted no bytes of data, so that everything that it sends waits in its memory. */
  readonly readsNothing?: boolean;
  /** The window of each stream, in bytes, if the connection reads. Default 1 MiB. */
  readonly windowBytes?: number;
}

/** How a call is made. */
export interface CallOptions {
  /** Whether messages are compressed. */
  readonly gzip?: boolean;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Takes each message that is received. Without it, messages are read and dropped. */
  readonly onMessage?: (message: Buffer) => void;
  /** Leaves everything unread. */
  readonly isUnread?: boolean;
}

/** The address that attackers connect from. The honest neighbours connect from 127.0.0.1. */
const ATTACKER = "127.0.0.2";
const WINDOW_BYTES = 1_048_576;

/** One connection. */
export class Connection {
  readonly session: ClientHttp2Session;
  readonly #tally: Tally;

  constructor(address: string, tally: Tally, options: ConnectionOptions = {}) {
    const { from = ATTACKER, readsNothing = false, windowBytes = WINDOW_BYTES } = options;
    this.#tally = tally;
    const { host, port } = hostAndPort(address);
    const socket = connectSocket({ host, port, localAddress: from });
    tally.follow(socket);
    socket.on("close", () => tally.release(socket));
    const settings: ClientSessionOptions = {
      createConnection: () => socket,
      settings: { initialWindowSize: readsNothing ? 0 : windowBytes, enablePush: false },
      maxSessionMemory: 1_000,
    };
    this.session = connect(`http://${address}`, settings);
    this.session.setMaxListeners(0);
    this.session.on("error", () => undefined);
    this.session.on("goaway", (code) => tally.tell(`GOAWAY ${http2ErrorName(code)}`));
    this.session.on("close", () => tally.tell("connection closed"));
    this.session.on("connect", () => this.session.setLocalWindowSize(2 ** 30));
  }

  get isOpen(): boolean {
    return !this.session.closed && !this.session.destroyed;
  }

  /** Opens a call and leaves its sending side open. @param method - the path of a method. */
  open(method: string, options: CallOptions = {}): Stream {
    const headers = {
      ":method": "POST",
      ":path": method,
      "content-type": "application/grpc",
      te: "trailers",
      ...(options.gzip ? { "grpc-encoding": "gzip" } : {}),
      ...options.headers,
    };
    for (const [name, value] of Object.entries(headers)) {
      for (const one of [value].flat()) this.#tally.decompressedBytes += name.length + one.length;
    }
    return new Stream(this.session, headers as Record<string, string>, options, this.#tally);
  }

  /** Makes a call with one message. Resolves when the call has ended, and never rejects. */
  async call(method: string, message: OutgoingMessage, options: CallOptions = {}): Promise<string> {
    const stream = this.open(method, options);
    stream.send(message);
    stream.finish();
    return await stream.ended;
  }

  /** Closes the socket at once. */
  destroy(): void {
    this.session.destroy();
  }
}

/** Splits `host:port`. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const [host = "", port = ""] = address.split(":");
  return { host, port: Number(port) };
}
