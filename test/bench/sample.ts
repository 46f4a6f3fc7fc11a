/**
 * One sample: a fresh server process, a fresh client process, one measurement.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ClientAnswer, ClientJob, Measurement } from "./client-job.js";
import type { Peer } from "./peer.js";
import { startServer } from "./server-process.js";
import type { Shape } from "./shape.js";

const CLIENT = fileURLToPath(new URL("client-process.js", import.meta.url));

/** How long a sample runs. */
export interface Timing {
  /** Time before the measurement, in milliseconds, in which code gets compiled and windows open. */
  readonly warmupMs: number;
  /** Measured time, in milliseconds. */
  readonly measureMs: number;
}

/** Takes one sample. Rejects, with the server's last words, if anything about it was not as it must be. */
export async function takeSample(peer: Peer, shape: Shape, timing: Timing): Promise<Measurement> {
  const server = await startServer(peer.server);
  try {
    const job = { peer: peer.name, shape: shape.name, address: server.address, serverPid: server.pid };
    const answer = await runClient({ ...job, ...timing });
    if (!answer.ok) throw new Error(`${answer.error}\n${server.errors()}`.trim());
    return answer.measurement;
  } finally {
    await server.kill();
  }
}

function runClient(job: ClientJob): Promise<ClientAnswer> {
  return new Promise((resolve, reject) => {
    const child = fork(CLIENT, [JSON.stringify(job)]);
    const killWithParent = () => child.kill("SIGKILL");
    process.once("exit", killWithParent);
    let answer: ClientAnswer | undefined;
    child.once("message", (message) => {
      answer = message as ClientAnswer;
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      process.off("exit", killWithParent);
      resolve(answer ?? { ok: false, error: `the client process ended with ${signal ?? code}` });
    });
  });
}
