/** Where and with what the figures were measured. */
import { readFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import type { Peer } from "./peer.js";
import { fromProject } from "./project.js";

/** What is worth knowing about the machine; nothing that names it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly arch: string;
  /** Load of the last minute before the run; on an idle machine far below 1. */
  readonly loadBefore: number;
}

/** Describes this machine as it is now. */
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

/** Versions of all that takes part. */
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
