/** The nats-server of this machine, if one is installed. */
import { execFileSync } from "node:child_process";
import { findProgram } from "../find-program.js";
import type { ServerCommand } from "../peer.js";

const PROGRAM = findProgram("nats-server", "ATE_NATS_SERVER");

/** Starts it with its defaults, on a free port. */
export const NATS_SERVER: ServerCommand = {
  command: [PROGRAM ?? "nats-server", "--addr", "127.0.0.1", "--port", "-1"],
  listening: /Listening for client connections on (\S+:\d+)\s*$/,
};

/** Says that the program is missing, or undefined. */
export function natsMissing(): string | undefined {
  return PROGRAM === undefined
    ? "nats-server is not on the PATH; install Debian's nats-server, or set ATE_NATS_SERVER to its path"
    : undefined;
}

/** Such as `nats-server: v2.9.10`. */
export function natsVersion(): string {
  return PROGRAM === undefined
    ? "missing"
    : execFileSync(PROGRAM, ["--version"], { encoding: "utf8" }).trim();
}
