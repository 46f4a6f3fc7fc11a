/**
 * The peer to which what is kept is charged: the address of its connection, until peers are authenticated.
 */

/** The key of every connection without an IP address, such as one over a Unix socket. */
const LOCAL_PEER = "unix";

const IPV4 = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/i;
const BRACKETED_IPV6 = /^\[([0-9a-f:.]{2,45}(?:%[\w.-]{1,32})?)\](?::\d{1,5})?$/i;
/** Without brackets the last number is the port: the text of a connection always has one. */
const IPV6 = /^([0-9a-f:.]*:[0-9a-f:.]*(?:%[\w.-]{1,32})?):\d{1,5}$/i;

/**
 * The key of a peer: the IP address of its connection without the port. An IPv4 address that is mapped into IPv6 is the
 * IPv4 address, so that a peer has one key on every address that the server listens on.
 *
 * @param text - the connection as the transport shows it, such as `127.0.0.1:50123`, `::1:50123` or `[::1]:50123`.
 */
export function peerKey(text: string): string {
  const [, address] = IPV4.exec(text) ?? BRACKETED_IPV6.exec(text) ?? IPV6.exec(text) ?? [];
  return address?.toLowerCase() ?? LOCAL_PEER;
}
