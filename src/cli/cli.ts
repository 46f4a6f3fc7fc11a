/**
 * What a command gets from the process, so that commands themselves never touch it.
 */
import type { Environment } from "../config/load.js";
import type { Output, Terminal } from "./output.js";

/** The process as a command sees it. */
export interface Process {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly environment: Environment;
  /** Fires at the first request to end; its reason is a `Stop`. */
  readonly stop: AbortSignal;
  /** Has something done when the process ends, in whatever way; it must not wait for anything. */
  atExit(cleanup: () => void): void;
}

/** What a command gets, and where it puts its outcome. */
export interface Cli extends Process {
  /** Where the command writes. */
  output(isJson: boolean): Output;
  /** Sets the exit code of the command. */
  exitWith(code: number): void;
}
