/** Where a measurement takes place, and what all measurements share. */

import type { Payloads } from "../payload.js";
import type { Load, ServedPeer } from "../peer.js";
import type { ServerLook } from "../server-look.js";
import type { Shape } from "../shape.js";
import type { Trial } from "../trial.js";

/** A server that runs, the peer that drives it, and how long. */
export interface Stage {
  readonly peer: ServedPeer;
  readonly address: string;
  readonly serverPid: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly trial: Trial;
  /** Collects the garbage of our server and looks at its memory and its event loop; see `server-probe.ts`. */
  look(): Promise<ServerLook>;
}

/** Time that participants have to connect. */
export const CONNECT_TIMEOUT_MS = 15_000;
/** A healthy request takes milliseconds: one that takes this long is lost. Below the TTL of {@link loadOf}. */
export const STALL_MS = 5_000;
const TTL_MS = 10_000;

/** What makes a load of a shape; nothing may be shed unless said. */
export function loadOf(
  shape: Shape,
  payloads: Payloads,
  { fail }: Trial,
  heard: Pick<Load, "accepted" | "delivered"> & Partial<Load>,
): Load {
  return {
    shape,
    payloads,
    topics: ["bench.topic"],
    ttlMs: TTL_MS,
    shed: (sequence) => fail(new Error(`request ${sequence} was refused for load`)),
    lost: () => fail(new Error("a listener lost results")),
    failed: fail,
    ...heard,
  };
}

/** Connects the peer's participants. */
export function connectPeer({ peer, address, trial }: Stage, load: Load, limitMs = CONNECT_TIMEOUT_MS) {
  return trial.wait(peer.connect(address, load), limitMs, () => "the participants did not connect in time");
}
