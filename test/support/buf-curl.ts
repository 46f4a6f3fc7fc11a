/** Runs buf curl as a user does at a terminal. */
import { fileURLToPath } from "node:url";
import type { Processes, RunningProcess } from "./processes.js";

const BUF = fileURLToPath(new URL("../../node_modules/.bin/buf", import.meta.url));

/** Parsed JSON of any shape. */
// biome-ignore lint/suspicious/noExplicitAny: each test states the shape that it expects.
export type Json = any;

/** A running buf curl that accepts typed messages. */
export interface BufCurl extends RunningProcess {
  /** Resolves with the next JSON document that it prints. */
  document(): Promise<Json>;
  type(message: Json): void;
}

/** Starts buf curl. Its output is a sequence of indented JSON documents. */
export function startBufCurl(
  processes: Processes,
  address: string,
  path: string,
  ...args: readonly string[]
): BufCurl {
  const command = ["curl", "--protocol", "grpc", ...args, `http://${address}${path && `/${path}`}`];
  const started = processes.start(BUF, command, { input: "open" });
  let read = 0;
  return Object.assign(started, {
    async document() {
      await started.stdout.next(/^\}$/);
      const end = started.stdout.all.indexOf("}", read) + 1;
      const text = started.stdout.all.slice(read, end).join("\n");
      read = end;
      return JSON.parse(text);
    },
    type(message: Json) {
      started.stdin.write(`${JSON.stringify(message)}\n`);
    },
  });
}
