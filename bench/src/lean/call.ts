/** Calls of the dispatcher over bare node:http2, so that no client library uses CPU of the load generator. */
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { FrameReader, type TakeMessage, writeHead } from "../broadcast/frames.js";
import type { Load } from "../peer.js";

const SERVICE = "/ate.dispatcher.v1.DispatcherService/";
const OK = "0";

/** A call that is open until the sample ends. */
export interface LeanCall {
  /** Sends one message. */
  write(message: Buffer): void;
  /** Half-closes the call. */
  end(): void;
}

/**
 * Opens a connection for calls.
 *
 * @param windowBytes - receive window of each call and of the connection; 64 KiB if absent.
 */
export function openLeanSession(address: string, load: Load, windowBytes?: number): ClientHttp2Session {
  const settings = windowBytes === undefined ? {} : { initialWindowSize: windowBytes };
  const session = connect(`http://${address}`, { settings });
  session.on("error", load.failed);
  if (windowBytes !== undefined) session.once("connect", () => session.setLocalWindowSize(windowBytes));
  return session;
}

/** Begins a call. Its end fails the sample. @param take - called with each message of the server. */
export function openCall(
  session: ClientHttp2Session,
  method: string,
  load: Load,
  take: TakeMessage,
): LeanCall {
  const stream = session.request(
    {
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: SERVICE + method,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
      [constants.HTTP2_HEADER_TE]: "trailers",
    },
    { endStream: false },
  );
  const frames = new FrameReader();
  let status = "without a status";
  const note = (headers: IncomingHttpHeaders): void => {
    const { "grpc-status": code, "grpc-message": message } = headers;
    if (code === undefined) return;
    status = `with status ${code}`;
    if (code !== OK) load.failed(new Error(`${method}: status ${code}: ${message}`));
  };
  stream.on("response", note);
  stream.on("trailers", note);
  stream.on("error", load.failed);
  stream.on("close", () => load.failed(new Error(`${method} ended ${status}`)));
  stream.on("data", (chunk: Buffer) => frames.read(chunk, take));
  return {
    write(message) {
      stream.cork();
      stream.write(writeHead(message.length));
      stream.write(message);
      stream.uncork();
    },
    end: () => void stream.end(),
  };
}
