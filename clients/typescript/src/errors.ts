import { type ServiceError, status } from "@grpc/grpc-js";
import { errorText, isError, propertyOf } from "./error-text.js";
import type { Status } from "./gen/google/rpc/status.js";
import { parseStatusDetails, statusOfCall } from "./values/status-details.js";

/** One invalid field of a request, found by the dispatcher or by this library. */
export interface FieldViolation {
  /** The path of the field, such as `request.ttl` or `kwargs.a[2]`. */
  readonly field: string;
  /** What is wrong with the field; text for developers. */
  readonly description: string;
}

/** The fields of a new {@link DispatcherError}. */
export interface DispatcherErrorInit {
  /** The gRPC status code; 1 to 16. */
  readonly code: status;
  /** The cause, in UPPER_SNAKE_CASE. Default: the name of the code. */
  readonly reason?: string;
  /** What went wrong; text for developers. */
  readonly details: string;
  /** The variable parts of the text, by name. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The invalid fields. Default: none. */
  readonly fieldViolations?: readonly FieldViolation[];
  /** The delay before a retry that the server asks for, in milliseconds. Default: none. */
  readonly retryDelayMs?: number | undefined;
  /** The error that caused this one. It stays in this process and is never sent. */
  readonly cause?: unknown;
}

/**
 * The only error class of this library.
 *
 * Compare `reason` or `code`, not the class with `instanceof`: two copies of the package in one process have two
 * classes.
 */
export class DispatcherError extends Error {
  /** Always `DispatcherError`. */
  override readonly name = "DispatcherError";
  /** The gRPC status code; compare it with `status`. */
  readonly code: status;
  /** The cause: the server's `ErrorInfo.reason`, a reason of this library, or the name of the code. */
  readonly reason: string;
  /** The text of `message` without the name of the code in front. */
  readonly details: string;
  /** Whether the same call may succeed later. True for UNAVAILABLE and for every error with a retry delay. */
  readonly retryable: boolean;
  /** The variable parts of the text, by name; from `ErrorInfo.metadata`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The invalid fields; from `BadRequest`. Empty for other errors. */
  readonly fieldViolations: readonly FieldViolation[];
  /** The delay before a retry, in milliseconds; from `RetryInfo`. Undefined if the server sent none. */
  readonly retryDelayMs: number | undefined;

  /** @param init - code and text; the rest is optional. */
  constructor(init: DispatcherErrorInit) {
    const codeName = status[init.code] ?? `CODE_${init.code}`;
    super(`${codeName}: ${init.details}`, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.reason = init.reason ?? codeName;
    this.details = init.details;
    this.retryDelayMs = init.retryDelayMs;
    this.retryable = init.code === status.UNAVAILABLE || init.retryDelayMs !== undefined;
    this.metadata = init.metadata ?? {};
    this.fieldViolations = init.fieldViolations ?? [];
  }

  /**
   * Converts anything that was thrown to a {@link DispatcherError}.
   *
   * A DispatcherError is returned unchanged. The error of a gRPC call keeps its code, text and details. An AbortError
   * becomes CANCELLED, and anything else UNKNOWN, with its text cut to 1,024 characters. The original is the `cause`.
   * Never throws, whatever the value.
   */
  static from(error: unknown): DispatcherError {
    if (isDispatcherError(error)) return error;
    if (isServiceError(error)) return fromServiceError(error);
    const isAbort = isError(error) && propertyOf(error, "name") === "AbortError";
    const code = isAbort ? status.CANCELLED : status.UNKNOWN;
    return new DispatcherError({ code, details: errorText(error), cause: error });
  }
}

/**
 * Converts the `google.rpc.Status` of a Rejection, a Fault or an error result to an error.
 *
 * @param value - the status; undefined and OK count as UNKNOWN.
 * @param fallbackReason - the reason if the status has no ErrorInfo. Default: the name of the code.
 */
export function errorOfStatus(value: Status | undefined, fallbackReason?: string): DispatcherError {
  const code = value === undefined || value.code === status.OK ? status.UNKNOWN : value.code;
  const { reason = fallbackReason, ...details } = parseStatusDetails(value?.details ?? []);
  const init = { code, details: value?.message ?? "", ...details };
  return new DispatcherError(reason === undefined ? init : { ...init, reason });
}

/** Creates the error for an argument that this library rejects before anything is sent. */
export function invalidArgument(field: string, description: string, reason?: string): DispatcherError {
  return new DispatcherError({
    code: status.INVALID_ARGUMENT,
    details: `${field} ${description}`,
    fieldViolations: [{ field, description }],
    ...(reason && { reason }),
  });
}

/** Creates the error for an operation that its owner aborted. */
export function cancelled(details: string, cause?: unknown): DispatcherError {
  return new DispatcherError({ code: status.CANCELLED, details, cause });
}

/** Creates the error for a call on a closed client, producer or listener. */
export function alreadyClosed(what: string): DispatcherError {
  return new DispatcherError({ code: status.CANCELLED, reason: "CLOSED", details: `the ${what} is closed` });
}

/** Creates the error for a call that would need one connection too many. */
export function tooManyConnections(limit: number): DispatcherError {
  const details = `all ${limit} connections, the limit of a client, have as many streams as the peer admits; use fewer producers, listeners and unary requests at a time, or another client`;
  return new DispatcherError({
    code: status.RESOURCE_EXHAUSTED,
    reason: "TOO_MANY_CONNECTIONS",
    details,
    retryDelayMs: 1_000,
  });
}

/** Creates the error for a stream that the server ended with OK although this side did not end it. */
export function endedByServer(): DispatcherError {
  const details = "the server ended the stream";
  return new DispatcherError({ code: status.UNAVAILABLE, reason: "STREAM_ENDED", details });
}

/** Whether an error is a DispatcherError, of this copy of the package or another one. Never throws. */
export function isDispatcherError(error: unknown): error is DispatcherError {
  return (
    isError(error) &&
    propertyOf(error, "name") === "DispatcherError" &&
    typeof propertyOf(error, "code") === "number" &&
    typeof propertyOf(error, "reason") === "string" &&
    typeof propertyOf(error, "details") === "string"
  );
}

function isServiceError(error: unknown): error is ServiceError {
  if (!isError(error) || typeof propertyOf(error, "details") !== "string") return false;
  const code = propertyOf(error, "code");
  return Number.isInteger(code) && (code as number) > 0 && (code as number) <= 16;
}

function fromServiceError(error: ServiceError): DispatcherError {
  const parsed = parseStatusDetails(statusOfCall(error)?.details ?? []);
  return new DispatcherError({ code: error.code, details: error.details, cause: error, ...parsed });
}
