/**
 * A call of plain HTTP/2, so that a test chooses every byte of it: headers, prefixes of messages, and where it ends.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Status } from "ate-dispatcher-client/internal";
import { onTestFinished } from "vitest";
import { type Refused, readStatus } from "./wire-status.js";

/** How a call ended. */
export interface RawEnd {
  /** The HTTP status. */
  readonly http: number;
  /** The `grpc-status`; undefined if there is none. */
  readonly code: number | undefined;
  /** The `grpc-message` as it was sent, percent-encoded. */
  readonly message: string;
  /** What the details say; undefined without details. */
  readonly refused: Refused | undefined;
}

/** Connects until the test is over. @param localAddress - an address of this machine, to be another peer. */
export function connectRaw(address: string, localAddress = "127.0.0.1"): ClientHttp2Session {
  const at = address.lastIndexOf(":");
  const open = { host: address.slice(0, at), port: Number(address.slice(at + 1)), localAddress };
  const session = connectHttp2(`http://${address}`, { createConnection: () => connectTcp(open) });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

/** A message behind its prefix. @param flag - the first byte: 1 if the message is compressed. */
export function framed(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([prefix, message]);
}

/** Makes a call and waits for its end. @param path - of a method; a method of DispatcherService may be a bare name. */
export function callRaw(
  session: ClientHttp2Session,
  path: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawEnd> {
  return endOf(session, path, headers, (stream) => stream.end(body));
}

/** Makes a call that never closes its side, and waits until the server resets its stream. */
export function callWithoutEnd(session: ClientHttp2Session, path: string, body: Uint8Array): Promise<RawEnd> {
  return endOf(session, path, {}, (stream) => stream.write(body));
}

async function endOf(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>>,
  send: (stream: ClientHttp2Stream) => void,
): Promise<RawEnd> {
  const stream = session.request({
    ":method": "POST",
    ":path": path.startsWith("/") ? path : `/ate.dispatcher.v1.DispatcherService/${path}`,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let received: Record<string, unknown> = {};
  const keep = (found: object): void => {
    received = { ...received, ...found };
  };
  stream.on("response", keep);
  stream.on("trailers", keep);
  stream.on("error", () => undefined);
  stream.resume();
  send(stream);
  await new Promise((resolve) => stream.on("close", resolve));
  const details = received["grpc-status-details-bin"];
  const code = received["grpc-status"];
  return {
    http: Number(received[":status"]),
    code: code === undefined ? undefined : Number(code),
    message: String(received["grpc-message"] ?? ""),
    refused:
      details === undefined ? undefined : readStatus(Status.decode(Buffer.from(String(details), "base64"))),
  };
}
