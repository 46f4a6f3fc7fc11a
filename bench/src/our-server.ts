/** How our server is started: the built program, as a user starts it, with its defaults and a free port. */
import { fileURLToPath } from "node:url";
import type { ServerCommand } from "./peer.js";
import { fromProject } from "./project.js";

const PROGRAM = fileURLToPath(fromProject("dist/main.js"));

/** The command. */
export const OUR_SERVER: ServerCommand = {
  command: [process.execPath, PROGRAM, "serve", "--listen", "127.0.0.1:0"],
};

/** The same command with settings added, and with flags for Node itself. */
export function withFlags(
  { command: [program, ...args], ...rest }: ServerCommand,
  settings: readonly string[],
  nodeFlags: readonly string[],
): ServerCommand {
  return { ...rest, command: [program, ...nodeFlags, ...args, ...settings] };
}
