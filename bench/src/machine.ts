/** The machine and the versions that figures were measured with. */
import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import type { Peer } from "./peer.js";
import { fromProject } from "./project.js";

/** Properties of the machine that matter; nothing that identifies it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly arch: string;
  /** Load average of the minute before the run; far below 1 on an idle machine. */
  readonly loadBefore: number;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryBytes: totalmem(),
    platform: platform(),
    arch: arch(),
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** The versions of everything that takes part. */
export function readVersions(peers: ReadonlySet<Peer>): Readonly<Record<string, string>> {
  const theirs = [...peers].flatMap(({ name, version }) =>
    version === undefined ? [] : [[name, version()]],
  );
  return {
    "ate-dispatcher": version("package.json"),
    node: process.versions.node,
    "@grpc/grpc-js": version("node_modules/@grpc/grpc-js/package.json"),
    "@bufbuild/protobuf": version("node_modules/@bufbuild/protobuf/package.json"),
    "@nats-io/transport-node": version("node_modules/@nats-io/transport-node/package.json"),
    ...Object.fromEntries(theirs),
  };
}

function version(manifest: string): string {
  return (JSON.parse(readFileSync(fromProject(manifest), "utf8")) as { version: string }).version;
}
