import { status } from "@grpc/grpc-js";
import { DispatcherError } from "./errors.js";
import type { SessionStatus } from "./session-status.js";

/** Where the users' callbacks are called from, so that one that throws hurts nobody else. */
export class Callbacks {
  readonly #onStatus: ((status: SessionStatus) => void) | undefined;

  /** @param onStatus - also told, as a fault, which other callback threw; without it that is a process warning. */
  constructor(onStatus: ((status: SessionStatus) => void) | undefined) {
    this.#onStatus = onStatus;
  }

  /** Reports a change of the session. */
  status(change: SessionStatus): void {
    try {
      this.#onStatus?.(change);
    } catch (error) {
      warn(error);
    }
  }

  /** Calls `callback`, and reports what it throws under `name`. */
  run<T>(name: string, callback: () => T): T | undefined {
    try {
      return callback();
    } catch (error) {
      this.failed(name, error);
      return undefined;
    }
  }

  /** Reports what the callback `name` threw or rejected with. */
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
