#!/usr/bin/env node
/**
 * The program: it takes arguments, environment and signals, and ends with an exit code.
 */

import { Stop } from "./cli/exit.js";
import { runCli } from "./cli/main.js";
import { watchBroken } from "./cli/output.js";
import { processEnvironment } from "./config/load.js";

/** Signals that start a graceful exit. A second signal ends the process at once with the given exit code. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const stop = new AbortController();
const cleanups: (() => void)[] = [];

for (const [signal, exitCode] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(exitCode);
    stop.abort(new Stop(exitCode, signal));
  });
}
process.on("exit", () => {
  for (const cleanup of cleanups) cleanup();
});
// A closed pipe, as in `| head`, is a normal end.
void watchBroken(process.stdout, () => stop.abort(new Stop(0, "standard output was closed")));
void watchBroken(process.stderr, () => {});

const exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: processEnvironment(),
  stop: stop.signal,
  atExit: (cleanup) => cleanups.push(cleanup),
});

// Flush the output, then exit. Open connections do not delay the exit.
process.stdout.write("", () => process.exit(exitCode));
