import type { ServerHttp2Stream } from "node:http2";

/**
 * The IP address of the connection of a stream; `unix` for a Unix socket; "" if it is not known.
 *
 * A TCP connection that its peer has reset has no remote address any more, but its data can still be read. So only a
 * connection without a local address, which is still open, is one of a Unix socket: a peer far away must not look local.
 */
export function addressOf(stream: ServerHttp2Stream | undefined): string {
  const session = stream?.session;
  if (!session || session.destroyed) return "";
  const { remoteAddress, localAddress, destroyed } = session.socket;
  if (remoteAddress !== undefined) return remoteAddress.replace(/^::ffff:(?=\d+\.)/i, "");
  return localAddress === undefined && !destroyed ? "unix" : "";
}
