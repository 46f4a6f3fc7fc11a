/**
 * One sample: a new server process, a new client process, one measurement. A peer that is a program of its own runs once
 * instead.
 */
import type { Overload } from "./client-messages.js";
import type { Measurement } from "./figures.js";
import { forkClient } from "./fork-client.js";
import { withFlags } from "./our-server.js";
import type { Peer, ServedPeer } from "./peer.js";
import { startServer } from "./server-process.js";
import type { Work } from "./work.js";

const PROBE = new URL("server-probe.js", import.meta.url).href;

/** How long a sample runs. */
export interface Timing {
  /** Time before the measurement, in milliseconds, for V8 to compile and for flow control windows to open. */
  readonly warmupMs: number;
  /** Measured time, in milliseconds. */
  readonly measureMs: number;
}

/** Options of one sample beside peer and work. */
export interface SampleOptions extends Timing {
  /** Flags for the Node process of our server. */
  readonly nodeFlags?: readonly string[];
  /** The load of a sweep, instead of the one of the work. */
  readonly overload?: Overload;
}

/** Takes one sample. Rejects if anything went wrong, with the end of the server's standard error. */
export async function takeSample(peer: Peer, work: Work, options: SampleOptions): Promise<Measurement> {
  if (!("server" in peer)) {
    if (work.kind !== "closed") throw new Error(`${peer.name} cannot do ${work.name}`);
    return await peer.run(work.shape, options);
  }
  return await takeServedSample(peer, work, options);
}

async function takeServedSample(peer: ServedPeer, work: Work, options: SampleOptions): Promise<Measurement> {
  const { nodeFlags = [], ...timing } = options;
  const hasProbe = work.kind !== "closed" && work.kind !== "open";
  const flags = hasProbe ? ["--import", PROBE, ...nodeFlags] : nodeFlags;
  // Forked first, so that its modules load while the server starts.
  const client = forkClient();
  try {
    const server = await startServer(withFlags(peer.server, work.settings ?? [], flags));
    try {
      const spec = { peer: peer.name, work: work.name, address: server.address, serverPid: server.pid };
      const report = await client.run({ ...spec, ...timing }, server);
      if (!report.ok) throw new Error(`${report.error}\n${server.errors()}`.trim());
      // Node writes a profile when the process exits by itself.
      if (nodeFlags.length > 0) await server.stop();
      return report.measurement;
    } finally {
      await server.kill();
    }
  } finally {
    client.kill();
  }
}
