import { status } from "@grpc/grpc-js";
import { isPromiseLike } from "../async/promise-like.js";
import { boundedText, errorText, plainText, propertyOf } from "../error-text.js";
import { DispatcherError } from "../errors.js";
import type { SessionStatus } from "./session-status.js";

/**
 * Calls the user's callbacks. An exception in one of them, or the rejection of a promise that it returns, is reported and
 * goes no further.
 */
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
    guarded(
      () => this.#onStatus?.(change),
      (error) => warn("onStatus", error),
    );
  }

  /** Calls `callback`. If it throws or its promise rejects, reports that under `name`. */
  run(name: string, callback: () => unknown): void {
    guarded(callback, (error) => this.failed(name, error));
  }

  /** Reports that the callback `name` threw or rejected with `cause`. */
  failed(name: string, cause: unknown): void {
    if (this.#onStatus === undefined) {
      warn(name, cause);
      return;
    }
    const details = boundedText(`${name} failed: ${errorText(cause)}`);
    const error = new DispatcherError({ code: status.UNKNOWN, reason: "CALLBACK_FAILED", details, cause });
    this.status({ type: "fault", error });
  }
}

/** Calls `callback`, and `onFailure` if it throws or its promise rejects. */
function guarded(callback: () => unknown, onFailure: (error: unknown) => void): void {
  try {
    const returned = callback();
    if (isPromiseLike(returned)) Promise.resolve(returned).then(undefined, onFailure);
  } catch (error) {
    onFailure(error);
  }
}

/** Emits a process warning, which Node prints as it is. Passes a text on, not the error: Node would print it later, when nothing catches. */
function warn(name: string, error: unknown): void {
  const stack = propertyOf(error, "stack");
  const options = {
    type: "DispatcherWarning",
    ...(typeof stack === "string" && { detail: plainText(boundedText(stack)) }),
  };
  process.emitWarning(plainText(boundedText(`${name} failed: ${errorText(error)}`)), options);
}
