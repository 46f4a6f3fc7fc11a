/**
 * What the connections of one address hold together. Until there are principals, the address is the peer that is charged.
 */

/** The address of a connection without its port; "unix" for anything else. */
export function peerAddressOf(socket: { readonly remoteAddress?: string | undefined } | undefined): string {
  return socket?.remoteAddress ?? "unix";
}

/** One address with connections. */
export class Peer {
  /** Open connections. */
  connectionCount = 0;
  /** Bytes that incomplete messages on all its connections keep alive. */
  partialBytes = 0;

  constructor(readonly address: string) {}
}
