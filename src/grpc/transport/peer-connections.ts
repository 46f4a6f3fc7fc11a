/** Knows the peer of every connection, and which connections it may open. */
import type { Http2Session, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { Peer, peerAddressOf } from "./peer.js";
import { PeerConnection } from "./peer-connection.js";

/** The open connections by peer. */
export class PeerConnections {
  readonly #peers = new Map<string, Peer>();
  readonly #connections = new WeakMap<Http2Session, PeerConnection>();

  /** A connection has been opened. @returns a function to call when it has closed. */
  opened(socket: Socket): () => void {
    const address = peerAddressOf(socket);
    const peer = this.#peers.get(address) ?? new Peer(address);
    this.#peers.set(address, peer);
    peer.connectionCount++;
    return () => {
      peer.connectionCount--;
      if (peer.connectionCount === 0) this.#peers.delete(address);
    };
  }

  /** An HTTP/2 session begins on a connection. */
  begun(session: ServerHttp2Session): void {
    const address = peerAddressOf(session.socket);
    const peer = this.#peers.get(address);
    if (peer) this.#connections.set(session, new PeerConnection(peer));
  }

  /** The connection of a stream; undefined if it is not known. */
  of(session: Http2Session | undefined): PeerConnection | undefined {
    return session && this.#connections.get(session);
  }
}
