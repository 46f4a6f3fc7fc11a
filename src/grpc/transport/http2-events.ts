/** The only file that subscribes to events of the HTTP/2 streams below calls. */
import type { ServerHttp2Stream } from "node:http2";

/**
 * Follows a stream. grpc-js has subscribed before, so it has taken a frame when `onFrame` is called.
 *
 * @param onFrame - called with each DATA frame that is not empty, while the stream is read.
 */
export function followFrames(
  stream: ServerHttp2Stream,
  onFrame: (frame: Buffer) => void,
  onClose: () => void,
): void {
  stream.on("data", onFrame);
  stream.on("close", onClose);
}

/** Calls back when a stream has closed, which happens once. Node's `once` would wrap the callback for each call. */
export function onceClosed(stream: ServerHttp2Stream, onClose: () => void): void {
  stream.on("close", onClose);
}
