/**
 * Exit codes, and the error texts of a failed command.
 */
import { DispatcherError } from "ate-dispatcher-client";
import { ConfigError } from "../config/error.js";
import { sanitize } from "./output.js";

/** The exit codes, as in `--help` and docs/configuration.md. After a signal, the code is 128 + its number. */
export const EXIT = {
  ok: 0,
  /** The call was rejected or failed. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** The call succeeded with too little: no producers, or too few results. */
  unsatisfied: 3,
  /** No dispatcher answers. */
  unreachable: 4,
} as const;

/** A failure whose message is all that a user needs; no stack is shown. */
export class CliError extends Error {
  override readonly name = "CliError";

  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** The reason to end the process: a signal, or a closed standard output. */
export class Stop extends Error {
  override readonly name = "Stop";

  /** @param exitCode - the exit code of a command that this interrupts. */
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** The exit code and the text for an error. */
export interface Explanation {
  readonly exitCode: number;
  /** The text to print; undefined to print nothing. */
  readonly text: string | undefined;
}

/** Converts anything that was thrown to an exit code and a text. Only a bug in this program shows a stack. */
export function explain(error: unknown): Explanation {
  if (error instanceof Stop) return { exitCode: error.exitCode, text: undefined };
  if (error instanceof CliError) return { exitCode: error.exitCode, text: error.message };
  if (error instanceof ConfigError) {
    return { exitCode: EXIT.usage, text: `configuration\n  ${error.problems.join("\n  ")}` };
  }
  if (error instanceof DispatcherError) return explainCall(error);
  // Errors of the operating system. Other Node.js errors are bugs in this program.
  if (error instanceof Error && "syscall" in error) return { exitCode: EXIT.failed, text: error.message };
  return { exitCode: EXIT.failed, text: `bug in ate-dispatcher: ${textOf(error)}` };
}

/** The text of anything that was thrown. An object may have none, and a getter may throw. */
function textOf(error: unknown): string {
  try {
    return String(error instanceof Error ? (error.stack ?? error.message) : error);
  } catch {
    return "an error whose text cannot be read";
  }
}

// gRPC status codes.
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

function explainCall(error: DispatcherError): Explanation {
  const text = sanitize(error.message);
  if (error.reason === "NO_PRODUCERS") return { exitCode: EXIT.unsatisfied, text };
  return { exitCode: isUnanswered(error) ? EXIT.unreachable : EXIT.failed, text };
}

/** Whether there was no connection, or no answer on it in time. */
function isUnanswered({ code, reason }: DispatcherError): boolean {
  return code === UNAVAILABLE || (code === DEADLINE_EXCEEDED && reason !== "DEADLINE_TOO_SHORT");
}
