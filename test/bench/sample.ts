/**
 * One sample: a fresh server process, a fresh client process, one measurement. Or one run of a program that is both.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ClientAnswer, ClientJob, ClientMessage, Overload } from "./client-job.js";
import type { Measurement } from "./figures.js";
import { withFlags } from "./our-server.js";
import type { Peer, ServedPeer } from "./peer.js";
import { type ServerProcess, startServer } from "./server-process.js";
import type { Work } from "./work.js";

const CLIENT = fileURLToPath(new URL("client-process.js", import.meta.url));
const PROBE = new URL("server-probe.js", import.meta.url).href;
/** Far more than the slowest work takes. */
const SAMPLE_TIMEOUT_MS = 180_000;

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
  const server = await startServer(withFlags(peer.server, work.settings ?? [], flags));
  try {
    const job = { peer: peer.name, work: work.name, address: server.address, serverPid: server.pid };
    const answer = await runClient({ ...job, ...timing }, server);
    if (!answer.ok) throw new Error(`${answer.error}\n${server.errors()}`.trim());
    // A profile is written when the process ends by itself.
    if (nodeFlags.length > 0) await server.stop();
    return answer.measurement;
  } finally {
    await server.kill();
  }
}

function runClient(job: ClientJob, server: ServerProcess): Promise<ClientAnswer> {
  return new Promise((resolve, reject) => {
    const child = fork(CLIENT, [JSON.stringify(job)]);
    const kill = () => child.kill("SIGKILL");
    const timer = setTimeout(kill, SAMPLE_TIMEOUT_MS);
    process.once("exit", kill);
    let answer: ClientAnswer | undefined;
    child.on("message", (message: ClientMessage) => {
      if (message.kind === "answer") answer = message;
      // The client gives up by itself if no look comes.
      else void server.look().then((look) => child.send({ look }));
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      process.off("exit", kill);
      const error = `the client process ended with ${signal ?? code}`;
      resolve(answer ?? { kind: "answer", ok: false, error });
    });
  });
}
