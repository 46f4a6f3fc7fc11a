#!/usr/bin/env node
/**
 * The program: it takes arguments, environment and signals, and ends with an exit code.
 *
 * Nothing here waits for the output for longer than {@link FLUSH_MS} after a signal: the output may be a full disk, a
 * closed terminal, or a pipe that nobody reads.
 */

import { EXIT, explain, Stop } from "./cli/exit.js";
import { runCli } from "./cli/main.js";
import { watchBroken } from "./cli/output.js";
import { flush, haveTerminal, replaceClosedTerminals, unblock } from "./cli/standard-streams.js";
import { pause } from "./cli/time.js";
import { processEnvironment } from "./config/load.js";

/** Signals that start a graceful exit. A second one ends the process at once with the given exit code. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
/** The exit code of a command that SIGHUP interrupts. */
const HANGUP_CODE = 129;
/** Time that the last output gets to be written after a signal, in milliseconds. */
const FLUSH_MS = 500;

const stop = new AbortController();
const cleanups: (() => void)[] = [];
const reloads: (() => void)[] = [];
const streams = [process.stdin, process.stdout, process.stderr] as const;
const hasTerminal = haveTerminal(streams);

for (const [signal, exitCode] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(exitCode);
    stop.abort(new Stop(exitCode, signal));
  });
}
// With a terminal, SIGHUP means that the terminal has closed, else that files are to be reloaded. Node resets ignored
// signals when it starts, so a process cannot see that it was started with SIGHUP ignored; but nohup leaves it no
// terminal. A second SIGHUP changes nothing: the kernel and the shell may both send one when a terminal closes.
process.on("SIGHUP", () => {
  if (hasTerminal) stop.abort(new Stop(HANGUP_CODE, "SIGHUP"));
  else for (const reload of reloads) reload();
});
process.on("exit", () => {
  for (const cleanup of cleanups) {
    try {
      cleanup();
    } catch {
      // The other cleanups still run, and the exit code stays the same.
    }
  }
  replaceClosedTerminals(streams);
});
// A bug. Node would print it to standard error, and wait forever if that is a full pipe.
process.on("uncaughtException", (error) => {
  process.exitCode = EXIT.failed;
  process.stderr.write(`error: ${explain(error).text}\n`);
  void exit(EXIT.failed, AbortSignal.abort());
});
for (const stream of [process.stdout, process.stderr]) unblock(stream);
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
  atReload: (reload) => reloads.push(reload),
});
await exit(exitCode, stop.signal);

/** Flushes the output, then exits. After a signal the flush is bounded. Open connections do not delay the exit. */
async function exit(code: number, signalled: AbortSignal): Promise<void> {
  // Applies if the event loop runs empty before the output is flushed.
  process.exitCode = code;
  const flushed = Promise.all([flush(process.stdout), flush(process.stderr)]);
  await Promise.race([flushed, pause(undefined, signalled).then(() => pause(FLUSH_MS))]);
  process.exit(code);
}
