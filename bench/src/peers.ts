/** The registry of peers. A new peer is a file in `peers/` and a line here. */
import { findNamed } from "./named.js";
import type { Peer } from "./peer.js";
import { grpcBatch } from "./peers/grpc-batch.js";
import { http2 } from "./peers/http2.js";
import { naive } from "./peers/naive.js";
import { nats } from "./peers/nats.js";
import { natsRequestMany } from "./peers/nats-request-many.js";
import { ours } from "./peers/ours.js";
import { oursBroadcast } from "./peers/ours-broadcast.js";
import { oursGather } from "./peers/ours-gather.js";
import { oursLean } from "./peers/ours-lean.js";
import { oursPlain } from "./peers/ours-plain.js";
import { seed } from "./peers/seed.js";

/** Our server, under each kind of client. */
export const OURS: readonly Peer[] = [ours, oursLean, oursPlain, oursGather, oursBroadcast];

/** The peers that ours are compared with. */
export const OTHERS: readonly Peer[] = [naive, nats, natsRequestMany, seed, grpcBatch, http2];

/** All peers. */
export const PEERS: readonly Peer[] = [...OURS, ...OTHERS];

/** Finds a peer by its name. Throws if there is none. */
export function findPeer(name: string): Peer {
  return findNamed("peer", PEERS, name);
}
