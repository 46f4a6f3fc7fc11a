/** The nats-server of this machine, if there is one. */
import { execFileSync } from "node:child_process";
import { findProgram } from "../find-program.js";
import type { ServerCommand } from "../peer.js";

const PROGRAM = findProgram("nats-server", "ATE_NATS_SERVER");

/** How it is started: with its defaults, on a free port of its own choice. */
export const NATS_SERVER: ServerCommand = {
  command: [PROGRAM ?? "nats-server", "--addr", "127.0.0.1", "--port", "-1"],
  listening: /Listening for client connections on (\S+:\d+)\s*$/,
};

/** What is missing, if anything. */
export function natsMissing(): string | undefined {
  return PROGRAM === undefined
    ? "nats-server is not on the PATH; install Debian's nats-server, or name the program in ATE_NATS_SERVER"
    : undefined;
}

/** As `nats-server: v2.9.10`. */
export function natsVersion(): string {
  return PROGRAM === undefined
    ? "missing"
    : execFileSync(PROGRAM, ["--version"], { encoding: "utf8" }).trim();
}
