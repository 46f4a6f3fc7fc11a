/**
 * The process as commands see it. Commands never use `process` directly, so tests can replace all of it.
 */
import type { Environment } from "../config/load.js";
import type { Output } from "./output.js";
import type { Terminal } from "./output-stream.js";

/** The streams, environment and signals of the process. */
export interface Process {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly environment: Environment;
  /** Fires when the process should end, for the first reason; `reason` is a `Stop`. */
  readonly stop: AbortSignal;
  /** Registers a function to call when the process exits, for any reason. It must be synchronous. */
  atExit(cleanup: () => void): void;
  /** Registers a function to call when the process is asked to reload its files, by SIGHUP without a terminal. */
  atReload?(reload: () => void): void;
}

/** The process, and where a command puts its output and exit code. */
export interface Cli extends Process {
  /** Creates the command's output. @param isJson - whether to write JSON lines instead of text. */
  output(isJson: boolean): Output;
  /** Lets the command go on, with a warning, if standard output fails or is closed. By default the command ends then. */
  outliveOutput(): void;
  /** Sets the exit code of the command. */
  exitWith(code: number): void;
}
