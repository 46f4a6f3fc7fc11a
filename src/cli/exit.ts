/**
 * How a command ends: its exit code, and the one line that explains a failure.
 */
import { DispatcherError } from "ate-dispatcher-client";
import { ConfigError } from "../config/error.js";

/** The exit codes, as told in `--help` and docs/configuration.md. A process ended by a signal has 128 + its number. */
export const EXIT = {
  ok: 0,
  /** The call was refused or failed. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** It ran, but not enough came: no producers, or too few results. */
  unsatisfied: 3,
  /** No dispatcher could be reached. */
  unreachable: 4,
} as const;

/** A failure that is explained by its message alone. */
export class CliError extends Error {
  override readonly name = "CliError";

  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** Why the process is to end: a signal, or a standard output that nobody reads any more. */
export class Stop extends Error {
  override readonly name = "Stop";

  /** @param exitCode - of a command that has not finished its job by then. */
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** What is told of an error. */
export interface Explanation {
  readonly exitCode: number;
  /** Lines for people, without stack; undefined if nothing is to be said. */
  readonly text: string | undefined;
}

/** Turns whatever was thrown into an exit code and words. Only a bug of this program shows a stack. */
export function explain(error: unknown): Explanation {
  if (error instanceof Stop) return { exitCode: error.exitCode, text: undefined };
  if (error instanceof CliError) return { exitCode: error.exitCode, text: error.message };
  if (error instanceof ConfigError) {
    return { exitCode: EXIT.usage, text: `configuration\n  ${error.problems.join("\n  ")}` };
  }
  if (error instanceof DispatcherError) return explainCall(error);
  // The operating system's refusals; other errors of Node come from wrong use of it.
  if (error instanceof Error && "syscall" in error) return { exitCode: EXIT.failed, text: error.message };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: EXIT.failed, text: `bug in ate-dispatcher: ${text}` };
}

/** gRPC's number for "cannot be reached now". */
const UNAVAILABLE = 14;

function explainCall(error: DispatcherError): Explanation {
  const text = error.message;
  if (error.reason === "NO_PRODUCERS") return { exitCode: EXIT.unsatisfied, text };
  return { exitCode: error.code === UNAVAILABLE ? EXIT.unreachable : EXIT.failed, text };
}
