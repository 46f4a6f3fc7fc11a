/**
 * Counts the streams that are no sessions of the core, because libraries handle them or they only watch. Each costs about as
 * much as a session, so they count towards the limit of sessions, and have a share of it per address.
 */
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import type { Runtime } from "../../ports/runtime.js";
import type { Peer } from "./peer.js";
import type { PeerConnections } from "./peer-connections.js";

const PATHS = new Set([
  "/ate.dispatcher.v1.IntrospectionService/Watch",
  "/grpc.health.v1.Health/Watch",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
]);

/** Whether the streams of a method are no sessions. */
export function isOtherStream(path: string): boolean {
  return PATHS.has(path);
}

/** The open streams that are no sessions. */
export class OtherStreams {
  readonly #runtime: Pick<Runtime, "submit" | "streamRefusal">;
  readonly #peers: PeerConnections;
  readonly #maxSessions: number;
  #count = 0;

  constructor(
    runtime: Pick<Runtime, "submit" | "streamRefusal">,
    peers: PeerConnections,
    maxSessions: number,
  ) {
    this.#runtime = runtime;
    this.#peers = peers;
    this.#maxSessions = maxSessions;
  }

  /** Opens a stream. @returns why it may not be opened; undefined if it is open, and `close` must be called. */
  open(peer: Peer): Refusal | undefined {
    const limit = this.#peers.shareOf(this.#maxSessions);
    const refused = peer.otherStreamCount < limit ? this.#runtime.streamRefusal : tooMany(limit);
    if (refused) return refused;
    peer.otherStreamCount++;
    this.#add(1);
    return undefined;
  }

  /** A stream has closed. */
  close(peer: Peer): void {
    peer.otherStreamCount--;
    this.#add(-1);
  }

  #add(change: number): void {
    this.#count += change;
    this.#runtime.submit({ kind: "streamsCounted", count: this.#count });
  }
}

function tooMany(maxCount: number): Refusal {
  const limit = String(maxCount);
  const message = `the share of one address, ${limit} open streams that watch, is reached; close some, or raise maxSessions`;
  return refusal("SESSION_LIMIT", message, { scope: "peer", limit }, 1_000);
}
