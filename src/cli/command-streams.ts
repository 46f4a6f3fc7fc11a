/**
 * Standard output and standard error of one command: what their failure means for it, and how they are flushed.
 */
import type { Process } from "./cli.js";
import { EXIT, Stop } from "./exit.js";
import { OutputStream, type Terminal, type WriteFailure } from "./output-stream.js";
import { pause } from "./time.js";

/** How long a signal lets the output be read before the rest is dropped, in milliseconds. */
const MAX_FLUSH_MS = 1_000;

/** The streams of a command. */
export interface CommandStreams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Fires when the process should end, and when standard output has failed; `reason` is a {@link Stop}. */
  readonly stop: AbortSignal;
  /** Lets the command go on, with a warning, if standard output fails or has failed. By default the command ends then. */
  outliveOutput(): void;
  /**
   * Resolves when all output is written. Waits for the reader of standard output until a signal arrives, and for the
   * reader of standard error up to 1 s.
   *
   * @param report - prints an error.
   * @returns the exit code: `exitCode`; 1 if standard output has failed; that of the signal that ended the wait.
   */
  finish(exitCode: number, report: (message: string, exitCode: number) => void): Promise<number>;
}

/** Starts to watch the streams of the process. */
export function openCommandStreams(host: Process): CommandStreams {
  const stopped = new AbortController();
  const stop = stopped.signal;
  const passOn = () => stopped.abort(host.stop.reason);
  if (host.stop.aborted) passOn();
  else host.stop.addEventListener("abort", passOn);
  const hurry = new AbortController();
  void pause(undefined, stop)
    .then(() => pause(MAX_FLUSH_MS))
    .then(() => hurry.abort());
  let outlivesOutput = false;
  const stdout = new OutputStream(host.stdout, hurry.signal, (failure) => {
    if (outlivesOutput) {
      void stderr.write(
        `warning: standard output has failed (${failure.message}); the command goes on without it\n`,
      );
      return;
    }
    const exitCode = hasNoReader(failure, host.stdout) ? EXIT.ok : EXIT.failed;
    stopped.abort(new Stop(exitCode, `standard output failed: ${failure.message}`));
  });
  // Without standard error, a command does all that it does otherwise, and tells nobody.
  const stderr = new OutputStream(host.stderr, hurry.signal, () => {});
  return {
    ...{ stdout, stderr, stop },
    outliveOutput() {
      outlivesOutput = true;
    },
    async finish(exitCode, report) {
      const isDone = !host.stop.aborted;
      await stdout.flush();
      const { failure } = stdout;
      const isFailed = failure !== undefined && !outlivesOutput && !hasNoReader(failure, host.stdout);
      if (isFailed) report(textOf(failure), EXIT.failed);
      await stderr.flush(AbortSignal.timeout(MAX_FLUSH_MS));
      if (isFailed) return EXIT.failed;
      return isDone && host.stop.reason instanceof Stop ? host.stop.reason.exitCode : exitCode;
    },
  };
}

/** Whether the reader has gone away: `head` when it has seen enough, or a terminal that was closed. */
function hasNoReader({ code }: WriteFailure, { isTTY }: Terminal): boolean {
  return code === "EPIPE" || (code === "EIO" && isTTY === true);
}

function textOf({ code, message }: WriteFailure): string {
  const why = message.includes(code) ? message : `${code}: ${message}`;
  return `standard output cannot be written (${why}), so output is missing; redirect it to a place with free space`;
}
