/**
 * Knows the peer of every connection, and refuses connections beyond the share of an address. It also remembers for a while
 * which addresses had connections closed for what they sent.
 */
import { constants, type Http2Session, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { HeldBytes } from "../../core/vocabulary/held-bytes.js";
import { shareOf } from "../../core/vocabulary/share.js";
import type { Clock } from "../../ports/clock.js";
import type { Watchdog } from "../../ports/watchdog.js";
import { Peer, peerAddressOf } from "./peer.js";
import { PeerConnection } from "./peer-connection.js";

/** Addresses without connections that are remembered; beyond it, the oldest is forgotten. */
const MAX_REMEMBERED = 10_000;

/** Services that the connections of peers need. */
export interface PeerConnectionServices {
  readonly ledger: HeldBytes;
  readonly clock: Clock;
  /** Closes connections that do not begin HTTP/2 in time. */
  readonly opening: Watchdog;
  /** A connection of an address was refused, of which so many are open. */
  readonly refused: (address: string, openCount: number) => void;
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

  constructor(services: PeerConnectionServices, share: PeerShare) {
    this.#services = services;
    this.#share = share;
  }

  /** A connection has been opened; it may be destroyed. @returns a function to call when it has closed. */
  opened(socket: Socket): () => void {
    const now = this.#services.clock.now();
    const address = peerAddressOf(socket);
    const peer = this.#peers.get(address) ?? new Peer(address);
    const { peerShare, maxConnections } = this.#share;
    const share = shareOf(peerShare, maxConnections, this.#connectionCount);
    if (peer.connectionCount + 1 > share || !peer.mayConnect(now)) {
      this.#services.refused(address, peer.connectionCount);
      // Node has to see the socket first: it subscribes to it in this turn.
      setImmediate(() => socket.destroy());
      return () => undefined;
    }
    this.#peers.set(address, peer);
    this.#remembered.delete(peer);
    this.#forget(now);
    this.#connectionCount++;
    peer.connectionCount++;
    return () => {
      this.#connectionCount--;
      peer.connectionCount--;
      if (peer.connectionCount > 0) return;
      this.#remembered.add(peer);
      this.#forget(this.#services.clock.now());
    };
  }

  /** An HTTP/2 session begins on a connection. */
  begun(session: ServerHttp2Session): BegunConnection {
    const address = peerAddressOf(session.socket);
    const peer = this.#peers.get(address) ?? new Peer(address);
    const account = this.#services.ledger.open(address);
    const connection = new PeerConnection(peer, account, (socket) => {
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
    if (!closed) return;
    // The socket may have closed before; if it was the only one of its address, the peer is forgotten.
    const peer = this.#peers.get(closed.address) ?? closed;
    peer.penalize(this.#services.clock.now());
    if (peer.connectionCount > 0) return;
    this.#peers.set(peer.address, peer);
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

  #forget(now: number): void {
    for (const peer of this.#remembered) {
      if (this.#remembered.size <= MAX_REMEMBERED && !peer.isForgettable(now)) return;
      this.#remembered.delete(peer);
      this.#peers.delete(peer.address);
    }
  }
}
