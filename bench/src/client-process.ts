/**
 * The client process of a sample. It receives one SampleSpec, runs the requester, the producers and the listeners, takes
 * the measurement, and sends one report to the runner.
 */
import { once } from "node:events";
import type { ClientMessage, ClientReport, SampleSpec, SnapshotMessage } from "./client-messages.js";
import { known } from "./figures.js";
import { measureWork } from "./measure/measure.js";
import { findPeer } from "./peers.js";
import type { ServerSnapshot } from "./server-snapshot.js";
import { Trial } from "./trial.js";
import type { Work } from "./work.js";
import { findWork } from "./works.js";

async function takeSample(spec: SampleSpec): Promise<ClientReport> {
  try {
    const peer = findPeer(spec.peer);
    if (!("server" in peer)) throw new Error(`${peer.name} runs as its own program`);
    const stage = { ...spec, peer, trial: new Trial(), takeSnapshot };
    return { kind: "report", ok: true, measurement: known(await measureWork(workOf(spec), stage)) };
  } catch (error) {
    return { kind: "report", ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function workOf({ work: name, overload }: SampleSpec): Work {
  const work = findWork(name);
  return overload === undefined || work.kind !== "open" ? work : { ...work, ...overload, mayShed: true };
}

async function takeSnapshot(): Promise<ServerSnapshot> {
  const answered = once(process, "message");
  send({ kind: "snapshot" });
  const [message] = (await answered) as [SnapshotMessage];
  return message.snapshot;
}

function send(message: ClientMessage, onSent = () => {}): void {
  process.send?.(message, onSent);
}

const [spec] = (await once(process, "message")) as [SampleSpec];
send(await takeSample(spec), () => process.exit());
