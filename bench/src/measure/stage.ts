/** What all measurements share. */
import type { Payloads } from "../payload.js";
import type { Load, ServedPeer } from "../peer.js";
import type { ServerSnapshot } from "../server-snapshot.js";
import type { Shape } from "../shape.js";
import type { Trial } from "../trial.js";

/** A running server, the peer that drives it, and the timing. */
export interface Stage {
  readonly peer: ServedPeer;
  readonly address: string;
  readonly serverPid: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly trial: Trial;
  /** Collects garbage in our server and reads its memory and event-loop stalls; see `server-probe.ts`. */
  takeSnapshot(): Promise<ServerSnapshot>;
}

/** Longest time for the participants to connect. */
export const CONNECT_TIMEOUT_MS = 15_000;
/** A request that takes this long is lost; a healthy one takes milliseconds. Below the TTL of {@link loadOf}. */
export const STALL_MS = 5_000;
const TTL_MS = 10_000;

/** Creates a load. A shed request or a lost result fails the sample unless `receiver` handles it. */
export function loadOf(
  shape: Shape,
  payloads: Payloads,
  { fail }: Trial,
  receiver: Pick<Load, "accepted" | "delivered"> & Partial<Load>,
): Load {
  return {
    shape,
    payloads,
    topics: ["bench.topic"],
    ttlMs: TTL_MS,
    shed: (sequence) => fail(new Error(`request ${sequence} was shed`)),
    lost: () => fail(new Error("a listener lost results")),
    failed: fail,
    ...receiver,
  };
}

/** Connects the peer's participants. */
export function connectPeer({ peer, address, trial }: Stage, load: Load, limitMs = CONNECT_TIMEOUT_MS) {
  return trial.wait(peer.connect(address, load), limitMs, () => "the participants did not connect in time");
}
