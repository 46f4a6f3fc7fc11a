import { status } from "@grpc/grpc-js";
import { DispatcherError } from "../errors.js";
import type { SessionStatus } from "./session-status.js";

/** Calls the user's callbacks. An exception in one of them is reported and goes no further. */
export class Callbacks {
  readonly #onStatus: ((status: SessionStatus) => void) | undefined;

  /**
   * @param onStatus - receives status changes, and a `fault` for each failure of another callback. Without it, and
   * when onStatus itself throws, the failure becomes a process warning.
   */
  constructor(onStatus: ((status: SessionStatus) => void) | undefined) {
    this.#onStatus = onStatus;
  }

  /** Passes a status change to onStatus. */
  status(change: SessionStatus): void {
    try {
      this.#onStatus?.(change);
    } catch (error) {
      warn(error);
    }
  }

  /** Calls `callback`. @returns its value; undefined if it throws, after the exception is reported under `name`. */
  run<T>(name: string, callback: () => T): T | undefined {
    try {
      return callback();
    } catch (error) {
      this.failed(name, error);
      return undefined;
    }
  }

  /** Reports that the callback `name` threw or rejected with `cause`. */
  failed(name: string, cause: unknown): void {
    if (this.#onStatus === undefined) {
      warn(cause);
      return;
    }
    const details = `${name} failed: ${DispatcherError.from(cause).details}`;
    const error = new DispatcherError({ code: status.UNKNOWN, reason: "CALLBACK_FAILED", details, cause });
    this.status({ type: "fault", error });
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
