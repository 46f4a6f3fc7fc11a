/**
 * The only translation of refusals into gRPC statuses: for calls, streams, rejections and faults.
 */
import { status as Code, Metadata } from "@grpc/grpc-js";
import { BadRequest, ErrorInfo, RetryInfo, Status } from "ate-dispatcher-client/internal";
import type { ReasonName, Refusal } from "../../core/vocabulary/reason.js";
import { FIELD_PATHS, type FieldPaths, withFieldPaths } from "./field-paths.js";
import { duration } from "./time.js";

/** The `ErrorInfo.domain` of every error. */
export const ERROR_DOMAIN = "ate.dispatcher";

/** Limit of violations in one status, because the size of trailers is limited. */
const MAX_VIOLATIONS = 20;

/** Limit of a status message, in bytes, because the size of trailers is limited; percent-encoding may triple them. */
const MAX_MESSAGE_BYTES = 2_048;
/** Limit of a value in the metadata of an ErrorInfo, in bytes. Ids and topics that are valid fit. */
const MAX_VALUE_BYTES = 256;

/** The gRPC status code of every reason. */
export const CODES: Readonly<Record<ReasonName, Code>> = {
  INVALID_FIELD: Code.INVALID_ARGUMENT,
  MALFORMED_MESSAGE: Code.INVALID_ARGUMENT,
  MALFORMED_RESULT: Code.INVALID_ARGUMENT,
  NO_PRODUCERS: Code.FAILED_PRECONDITION,
  REQUEST_ID_REUSED: Code.ALREADY_EXISTS,
  REQUEST_NOT_FOUND: Code.NOT_FOUND,
  LISTENER_NOT_FOUND: Code.NOT_FOUND,
  DEADLINE_TOO_SHORT: Code.DEADLINE_EXCEEDED,
  ASSIGNMENT_NOT_FOUND: Code.NOT_FOUND,
  PENDING_LIMIT: Code.RESOURCE_EXHAUSTED,
  PENDING_BYTES_LIMIT: Code.RESOURCE_EXHAUSTED,
  RATE_LIMIT: Code.RESOURCE_EXHAUSTED,
  SESSION_LIMIT: Code.RESOURCE_EXHAUSTED,
  TOPIC_LIMIT: Code.RESOURCE_EXHAUSTED,
  REGISTRATION_LIMIT: Code.RESOURCE_EXHAUSTED,
  METADATA_LIMIT: Code.RESOURCE_EXHAUSTED,
  MESSAGE_LIMIT: Code.RESOURCE_EXHAUSTED,
  OVERLOADED: Code.RESOURCE_EXHAUSTED,
  PARTIAL_MESSAGE_LIMIT: Code.RESOURCE_EXHAUSTED,
  UNREAD_LIMIT: Code.RESOURCE_EXHAUSTED,
  HELD_BYTES_LIMIT: Code.RESOURCE_EXHAUSTED,
  UNAUTHENTICATED: Code.UNAUTHENTICATED,
  NOT_ALLOWED: Code.PERMISSION_DENIED,
  SHUTTING_DOWN: Code.UNAVAILABLE,
  SLOW_LISTENER: Code.RESOURCE_EXHAUSTED,
  SLOW_PRODUCER: Code.RESOURCE_EXHAUSTED,
  SLOW_CALLER: Code.RESOURCE_EXHAUSTED,
  FIRST_MESSAGE_TIMEOUT: Code.DEADLINE_EXCEEDED,
  CONNECTION_AGE: Code.UNAVAILABLE,
  FAULT_LIMIT: Code.RESOURCE_EXHAUSTED,
  SESSION_REPLACED: Code.ABORTED,
  PROTOCOL_VIOLATION: Code.INVALID_ARGUMENT,
};

/** A status in the shape that grpc-js sends. */
export interface GrpcStatus {
  readonly code: Code;
  readonly details: string;
  readonly metadata: Metadata;
}

/** The status for a bug in the server. It reveals no details. */
export const INTERNAL_ERROR: GrpcStatus = {
  code: Code.INTERNAL,
  details: "internal error",
  metadata: new Metadata(),
};

/** Converts a refusal to a google.rpc.Status, for events on a stream. */
export function rpcStatus(refusal: Refusal, paths: FieldPaths = FIELD_PATHS): Status {
  const { reason, message, metadata, violations, retryAfterMs } = withFieldPaths(refusal, paths);
  const details = [
    pack(
      "ErrorInfo",
      ErrorInfo.encode({ reason, domain: ERROR_DOMAIN, metadata: cutAll(metadata) }).finish(),
    ),
  ];
  if (violations.length > 0) {
    const fieldViolations = violations
      .slice(0, MAX_VIOLATIONS)
      .map(({ field, description }) => ({ field, description, reason: "", localizedMessage: undefined }));
    details.push(pack("BadRequest", BadRequest.encode({ fieldViolations }).finish()));
  }
  if (retryAfterMs !== undefined) {
    details.push(pack("RetryInfo", RetryInfo.encode({ retryDelay: duration(retryAfterMs) }).finish()));
  }
  return { code: CODES[reason], message: cut(message, MAX_MESSAGE_BYTES), details };
}

/** Converts a refusal to the status that ends a call or stream, with its details in `grpc-status-details-bin`. */
export function grpcStatus(refusal: Refusal, paths: FieldPaths = FIELD_PATHS): GrpcStatus {
  const status = rpcStatus(refusal, paths);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(Status.encode(status).finish()));
  return { code: CODES[refusal.reason], details: status.message, metadata };
}

function cutAll(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key, cut(value, MAX_VALUE_BYTES)]),
  );
}

/** Cuts a text to a number of bytes of UTF-8. */
function cut(text: string, maxBytes: number): string {
  if (text.length <= maxBytes / 3) return text;
  const bytes = Buffer.from(text);
  if (bytes.byteLength <= maxBytes) return text;
  let end = maxBytes;
  // Do not cut inside a character: all its bytes but the first begin with the bits 10.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

function pack(type: string, value: Uint8Array): { readonly typeUrl: string; readonly value: Uint8Array } {
  return { typeUrl: `type.googleapis.com/google.rpc.${type}`, value };
}
