/**
 * The client process of a sample: waits for its job, hosts the requester, the producers and the listeners, takes the
 * measurement, and sends one answer to the runner.
 */
import { once } from "node:events";
import type { ClientAnswer, ClientJob, ClientMessage, LookAnswer } from "./client-job.js";
import { known } from "./figures.js";
import { measureWork } from "./measure/measure.js";
import { findPeer } from "./peers.js";
import type { ServerLook } from "./server-look.js";
import { Trial } from "./trial.js";
import type { Work } from "./work.js";
import { findWork } from "./works.js";

async function answer(job: ClientJob): Promise<ClientAnswer> {
  try {
    const peer = findPeer(job.peer);
    if (!("server" in peer)) throw new Error(`${peer.name} is a program of its own`);
    const stage = { ...job, peer, trial: new Trial(), look };
    return { kind: "answer", ok: true, measurement: known(await measureWork(workOf(job), stage)) };
  } catch (error) {
    return { kind: "answer", ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function workOf({ work: name, overload }: ClientJob): Work {
  const work = findWork(name);
  return overload === undefined || work.kind !== "open" ? work : { ...work, ...overload, mayShed: true };
}

async function look(): Promise<ServerLook> {
  const answered = once(process, "message");
  tell({ kind: "look" });
  const [message] = (await answered) as [LookAnswer];
  return message.look;
}

function tell(message: ClientMessage, then = () => {}): void {
  process.send?.(message, then);
}

const [job] = (await once(process, "message")) as [ClientJob];
tell(await answer(job), () => process.exit());
