/** How our server is started: the built program, as a user starts it, with its defaults and a free port. */
import { fileURLToPath } from "node:url";
import { fromProject } from "./project.js";

const PROGRAM = fileURLToPath(fromProject("dist/main.js"));

/** The command. */
export const OUR_SERVER: readonly [string, ...string[]] = [
  process.execPath,
  PROGRAM,
  "serve",
  "--listen",
  "127.0.0.1:0",
];
