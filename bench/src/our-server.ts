/** Starts our server as a user does: the built program with its defaults, on a free port. */
import { fileURLToPath } from "node:url";
import type { ServerCommand } from "./peer.js";
import { fromProject } from "./project.js";

const PROGRAM = fileURLToPath(fromProject("dist/main.js"));

/** The command line. */
export const OUR_SERVER: ServerCommand = {
  command: [process.execPath, PROGRAM, "serve", "--listen", "127.0.0.1:0"],
};

/** Adds settings of the server and flags of Node to a command line. */
export function withFlags(
  { command: [program, ...args], ...rest }: ServerCommand,
  settings: readonly string[],
  nodeFlags: readonly string[],
): ServerCommand {
  return { ...rest, command: [program, ...nodeFlags, ...args, ...settings] };
}
