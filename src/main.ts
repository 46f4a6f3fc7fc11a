#!/usr/bin/env node
/**
 * The program: arguments, environment and signals go in, an exit code comes out.
 */

import { Stop } from "./cli/exit.js";
import { runCli } from "./cli/main.js";
import { watchBroken } from "./cli/output.js";
import { processEnvironment } from "./config/load.js";

/** Signals that ask for an orderly end, with the exit codes of those who ask twice. */
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
// Whoever pipes into `head` wants no more; that is not an error.
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

// What is written is flushed before the end; connections in the background do not hold it up.
process.stdout.write("", () => process.exit(exitCode));
