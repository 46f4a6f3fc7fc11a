/**
 * One sample: a fresh server process, a fresh client process, one measurement. Or one run of a program that is both.
 */
import type { Overload } from "./client-job.js";
import type { Measurement } from "./figures.js";
import { forkClient } from "./fork-client.js";
import { withFlags } from "./our-server.js";
import type { Peer, ServedPeer } from "./peer.js";
import { startServer } from "./server-process.js";
import type { Work } from "./work.js";

const PROBE = new URL("server-probe.js", import.meta.url).href;

/** How long a sample runs. */
export interface Timing {
  /** Time before the measurement, in milliseconds, in which code gets compiled and windows open. */
  readonly warmupMs: number;
  /** Measured time, in milliseconds. */
  readonly measureMs: number;
}

/** What may differ from one sample to the next beside peer and work. */
export interface SampleOptions extends Timing {
  /** Flags for the Node of our server. */
  readonly nodeFlags?: readonly string[];
  /** What a sweep changes about an open loop. */
  readonly overload?: Overload;
}

/** Takes one sample. Rejects, with the server's last words, if anything about it was not as it must be. */
export async function takeSample(peer: Peer, work: Work, options: SampleOptions): Promise<Measurement> {
  if (!("server" in peer)) {
    if (work.kind !== "closed") throw new Error(`${peer.name} cannot do ${work.name}`);
    return await peer.run(work.shape, options);
  }
  return await takeServedSample(peer, work, options);
}

async function takeServedSample(peer: ServedPeer, work: Work, options: SampleOptions): Promise<Measurement> {
  const { nodeFlags = [], ...timing } = options;
  const isSeenInto = work.kind !== "closed" && work.kind !== "open";
  const flags = isSeenInto ? ["--import", PROBE, ...nodeFlags] : nodeFlags;
  // Its modules load while the server starts.
  const client = forkClient();
  try {
    const server = await startServer(withFlags(peer.server, work.settings ?? [], flags));
    try {
      const job = { peer: peer.name, work: work.name, address: server.address, serverPid: server.pid };
      const answer = await client.run({ ...job, ...timing }, server);
      if (!answer.ok) throw new Error(`${answer.error}\n${server.errors()}`.trim());
      // A profile is written when the process ends by itself.
      if (nodeFlags.length > 0) await server.stop();
      return answer.measurement;
    } finally {
      await server.kill();
    }
  } finally {
    client.kill();
  }
}
