import { type ServiceError, status } from "@grpc/grpc-js";
import type { Status } from "./gen/google/rpc/status.js";
import { parseStatusDetails, statusOfCall } from "./status-details.js";

/** One field that the dispatcher, or this library, refused, and why. */
export interface FieldViolation {
  /** Path of the field, such as `request.ttl` or `kwargs.a[2]`. */
  readonly field: string;
  /** What is wrong with it, for a developer. */
  readonly description: string;
}

/** What a {@link DispatcherError} is made of. */
export interface DispatcherErrorInit {
  /** The gRPC status code; 1 to 16. */
  readonly code: status;
  /** The cause as one upper-case word; default: the name of the code. */
  readonly reason?: string;
  /** What went wrong, for a developer. */
  readonly details: string;
  /** What varies in the text, by name. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Which fields were refused. */
  readonly fieldViolations?: readonly FieldViolation[];
  /** How long the server asks to wait before the next try, in milliseconds. */
  readonly retryDelayMs?: number | undefined;
  /** What led to it; kept here, never sent. */
  readonly cause?: unknown;
}

/**
 * The one error of this library.
 *
 * Compare `reason` (or `code`), not the class: two copies of the package in one
 * process have two classes.
 */
export class DispatcherError extends Error {
  /** Always `DispatcherError`. */
  override readonly name = "DispatcherError";
  /** The gRPC status code. */
  readonly code: status;
  /** The cause: the server's `ErrorInfo.reason`, this library's own word, or the name of the code. */
  readonly reason: string;
  /** The text without the code that `message` begins with. */
  readonly details: string;
  /** Whether the same call may well succeed later: UNAVAILABLE, and whatever came with a retry delay. */
  readonly retryable: boolean;
  /** What varies in the text, by name; from `ErrorInfo.metadata`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Which fields were refused; from `BadRequest`. */
  readonly fieldViolations: readonly FieldViolation[];
  /** How long to wait before the next try, in milliseconds; from `RetryInfo`. Undefined if the server did not say. */
  readonly retryDelayMs: number | undefined;

  /** @param init - code, text and what else is known. */
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
   * Turns whatever was thrown into a {@link DispatcherError}.
   *
   * One of its kind comes back as it is; an error of a gRPC call keeps code,
   * text and details; an abort becomes CANCELLED; all else becomes UNKNOWN
   * with the original as its `cause`.
   */
  static from(error: unknown): DispatcherError {
    if (isDispatcherError(error)) return error;
    if (isServiceError(error)) return fromServiceError(error);
    const details = error instanceof Error ? error.message : String(error);
    const isAbort = error instanceof Error && error.name === "AbortError";
    return new DispatcherError({ code: isAbort ? status.CANCELLED : status.UNKNOWN, details, cause: error });
  }
}

/**
 * The error that a `google.rpc.Status` describes, as Rejections, Faults and error results carry it.
 *
 * @param value - the status; an unset one, or one that says OK, reads as UNKNOWN.
 * @param fallbackReason - the reason if the status names none; default: the name of its code.
 */
export function errorOfStatus(value: Status | undefined, fallbackReason?: string): DispatcherError {
  const code = value === undefined || value.code === status.OK ? status.UNKNOWN : value.code;
  const { reason = fallbackReason, ...details } = parseStatusDetails(value?.details ?? []);
  const init = { code, details: value?.message ?? "", ...details };
  return new DispatcherError(reason === undefined ? init : { ...init, reason });
}

/** An error about arguments that this library refuses before anything is sent. */
export function invalidArgument(field: string, description: string, reason?: string): DispatcherError {
  return new DispatcherError({
    code: status.INVALID_ARGUMENT,
    details: `${field} ${description}`,
    fieldViolations: [{ field, description }],
    ...(reason && { reason }),
  });
}

/** The error of work that its owner gave up. */
export function cancelled(details: string, cause?: unknown): DispatcherError {
  return new DispatcherError({ code: status.CANCELLED, details, cause });
}

/** The error of calls on a client, producer or listener that was closed. */
export function alreadyClosed(what: string): DispatcherError {
  return new DispatcherError({ code: status.CANCELLED, reason: "CLOSED", details: `the ${what} is closed` });
}

/** The error of a stream that the server ended with OK, though nobody had asked for its end. */
export function endedByServer(): DispatcherError {
  const details = "the server ended the stream";
  return new DispatcherError({ code: status.UNAVAILABLE, reason: "STREAM_ENDED", details });
}

function isDispatcherError(error: unknown): error is DispatcherError {
  return error instanceof Error && error.name === "DispatcherError" && "reason" in error;
}

function isServiceError(error: unknown): error is ServiceError {
  if (!(error instanceof Error) || !("code" in error) || !("details" in error)) return false;
  return typeof error.code === "number" && error.code > 0 && error.code <= 16;
}

function fromServiceError(error: ServiceError): DispatcherError {
  const parsed = parseStatusDetails(statusOfCall(error)?.details ?? []);
  return new DispatcherError({ code: error.code, details: error.details, cause: error, ...parsed });
}
