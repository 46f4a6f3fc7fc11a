/**
 * Knows the peer of every connection, and refuses connections beyond the share of a peer. It also remembers for a while
 * which addresses and networks had connections closed for what they sent.
 */
import { constants, type Http2Session, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { HeldBytes } from "../../core/vocabulary/held-bytes.js";
import { type IsProxy, peerOf } from "../../core/vocabulary/peer.js";
import { shareOf } from "../../core/vocabulary/share.js";
import type { Clock } from "../../ports/clock.js";
import type { Watchdog } from "../../ports/watchdog.js";
import { Peer } from "./peer.js";
import { PeerConnection } from "./peer-connection.js";

/** Peers without connections that are remembered; beyond it, the oldest is forgotten. */
const MAX_REMEMBERED = 10_000;

/** Services that the connections of peers need. */
export interface PeerConnectionServices {
  readonly ledger: HeldBytes;
  readonly clock: Clock;
  /** Whether connections from an IP address are those of a proxy that is trusted. */
  readonly isProxy: IsProxy;
  /** Closes connections that do not begin HTTP/2 in time. */
  readonly opening: Watchdog;
  /** A connection of a peer was refused, of which so many are open. */
  readonly refused: (peer: string, openCount: number) => void;
}

/** The share of one peer in what all share. */
export interface PeerShare {
  /** Connections that fit into the process. */
  readonly maxConnections: number;
  /** How many times what is left of them one peer may have; 0 for no share. */
  readonly peerShare: number;
}

/** A connection on which an HTTP/2 session begins. */
export interface BegunConnection {
  readonly connection: PeerConnection;
  /** To be called when its peer has sent SETTINGS, or when it has closed. */
  readonly started: () => void;
}

/** The open connections by peer. */
export class PeerConnections {
  readonly #services: PeerConnectionServices;
  readonly #share: PeerShare;
  /** The peers with connections, and the ones that are remembered. */
  readonly #peers = new Map<string, Peer>();
  /** Peers without connections, in the order in which their last connection closed. */
  readonly #remembered = new Set<Peer>();
  readonly #connections = new WeakMap<Http2Session, PeerConnection>();
  #connectionCount = 0;
  #unixCount = 0;

  constructor(services: PeerConnectionServices, share: PeerShare) {
    this.#services = services;
    this.#share = share;
  }

  /** A connection has been opened; it may be destroyed. @returns a function to call when it has closed. */
  opened(socket: Socket): () => void {
    const now = this.#services.clock.now();
    const peer = this.#peerOf(this.#addressOf(socket));
    const { key } = peer.id;
    const { peerShare, maxConnections } = this.#share;
    const share = shareOf(peerShare, maxConnections, this.#connectionCount);
    if ((peer.hasManyConnections && peer.connectionCount + 1 > share) || !peer.mayConnect(now)) {
      this.#services.refused(key, peer.connectionCount);
      // Node has to see the socket first: it subscribes to it in this turn.
      setImmediate(() => socket.destroy());
      return () => undefined;
    }
    this.#peers.set(key, peer);
    this.#remembered.delete(peer);
    this.#forget(now);
    this.#connectionCount++;
    peer.connectionCount++;
    return () => {
      this.#connectionCount--;
      peer.connectionCount--;
      if (peer.connectionCount > 0) return;
      if (peer.hasManyConnections) this.#remembered.add(peer);
      else this.#peers.delete(key);
      this.#forget(this.#services.clock.now());
    };
  }

  /** An HTTP/2 session begins on a connection. */
  begun(session: ServerHttp2Session): BegunConnection {
    const address = this.#addressOf(session.socket);
    const peer = this.#peerOf(address);
    const account = this.#services.ledger.openPeer(peer.id);
    const connection = new PeerConnection(peer, address, account, (socket) => {
      // The code of a destroyed session reaches its peer only together with an error, which would count as a flood.
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      session.destroy();
      // A destroyed session waits for its peer to close the socket.
      setImmediate(() => socket?.destroy());
    });
    this.#connections.set(session, connection);
    return { connection, started: this.#services.opening.watch(() => session.destroy()) };
  }

  /** Node has closed a connection for a flood. */
  flooded(session: Http2Session): void {
    const closed = this.of(session)?.peer;
    if (!closed?.hasManyConnections) return;
    // The socket may have closed before; if it was the only one of its peer, the peer is forgotten.
    const peer = this.#peers.get(closed.id.key) ?? closed;
    peer.penalize(this.#services.clock.now());
    if (peer.connectionCount > 0) return;
    this.#peers.set(peer.id.key, peer);
    this.#remembered.add(peer);
  }

  /** Node has closed a connection for a violation of HTTP/2, which counts as a useless frame. */
  violated(session: Http2Session): void {
    const connection = this.of(session);
    if (connection) this.annoyed(connection);
  }

  /** A peer has reset a stream, or sent a frame that no library sends. */
  annoyed(connection: PeerConnection): void {
    connection.annoy(this.#services.clock.now());
  }

  /** The connection of a stream; undefined if it is not known. */
  of(session: Http2Session | undefined): PeerConnection | undefined {
    return session && this.#connections.get(session);
  }

  /** The connection as the core and people know it. It is unique among the open ones. */
  #addressOf({ remoteAddress, remotePort }: Socket | TLSSocket): string {
    return remoteAddress === undefined ? `unix:${++this.#unixCount}` : `${remoteAddress}:${remotePort ?? 0}`;
  }

  #peerOf(address: string): Peer {
    const id = peerOf(address, this.#services.isProxy);
    return this.#peers.get(id.key) ?? new Peer(id);
  }

  #forget(now: number): void {
    for (const peer of this.#remembered) {
      if (this.#remembered.size <= MAX_REMEMBERED && !peer.isForgettable(now)) return;
      this.#remembered.delete(peer);
      this.#peers.delete(peer.id.key);
    }
  }
}
