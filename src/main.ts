#!/usr/bin/env node
/**
 * The program: it takes arguments, environment and signals, and ends with an exit code.
 *
 * The end never depends on the output, which may be a full disk, a closed terminal, or a pipe that nobody reads.
 */
import { fstatSync } from "node:fs";
import { haveTerminal, replaceClosedTerminals, unblock } from "./cli/terminals.js";
import { MIN_OPEN_FILES, readOpenFiles } from "./runtime/open-files.js";

/** The exit code of a command that SIGHUP interrupts. */
const HANGUP_CODE = 129;

const streams = [process.stdin, process.stdout, process.stderr] as const;
const hasTerminal = haveTerminal(streams);
// With a terminal, SIGHUP means that the terminal has closed, else that files are to be reloaded. Node resets ignored
// signals when it starts, so a process cannot see that it was started with SIGHUP ignored; but nohup leaves it no
// terminal. This comes before the imports, which take most of the start: SIGHUP must not end a process without a terminal.
let onHangup = (): void => {
  if (hasTerminal) process.exit(HANGUP_CODE);
};
process.on("SIGHUP", () => onHangup());
process.on("exit", () => replaceClosedTerminals(streams));

const { limit } = readOpenFiles() ?? { limit: MIN_OPEN_FILES };
if (limit < MIN_OPEN_FILES) {
  process.stderr.write(
    `error: the limit of open files is ${limit}, and the program needs ${MIN_OPEN_FILES}; ` +
      "raise it, for example with: ulimit -n 4096\n",
  );
  process.exit(1);
}

// Imported here because Node opens the files of all imported modules at once, before any of this file runs.
const { EXIT, explain, Stop } = await import("./cli/exit.js");
const { runCli } = await import("./cli/main.js");
const { FileStream, forTerminal } = await import("./cli/output-stream.js");
const { pause } = await import("./cli/time.js");
const { processEnvironment } = await import("./config/load.js");

/** Signals that start a graceful exit. A second one ends the process at once with the given exit code. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
/** Time that the report of a bug gets to be written, in milliseconds. */
const FLUSH_MS = 500;

const stop = new AbortController();
const cleanups: (() => void)[] = [];
const reloads: (() => void)[] = [];

for (const [signal, exitCode] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(exitCode);
    stop.abort(new Stop(exitCode, signal));
  });
}
// A second SIGHUP changes nothing: the kernel and the shell may both send one when a terminal closes.
onHangup = () => {
  if (hasTerminal) stop.abort(new Stop(HANGUP_CODE, "SIGHUP"));
  else for (const reload of reloads) reload();
};
process.on("exit", () => {
  for (const cleanup of cleanups) {
    try {
      cleanup();
    } catch {
      // The other cleanups still run, and the exit code stays the same.
    }
  }
});
// A bug. Node would print it to standard error, and wait forever if that is a full pipe.
process.on("uncaughtException", (error) => {
  process.exitCode = EXIT.failed;
  const end = (): never => process.exit();
  process.stderr.write(forTerminal(`error: ${explain(error).text}\n`), end);
  void pause(FLUSH_MS).then(end);
});
for (const stream of [process.stdout, process.stderr]) unblock(stream);

const exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: fstatSync(1).isFile() ? new FileStream(1) : process.stdout,
  stderr: process.stderr,
  environment: processEnvironment(),
  stop: stop.signal,
  atExit: (cleanup) => cleanups.push(cleanup),
  atReload: (reload) => reloads.push(reload),
});
// Open connections do not delay the exit.
process.exit(exitCode);
