/**
 * Every reason for which a message, call or stream is rejected, in one list.
 *
 * Codes are for logs and metrics and are never reused: 1xxx rejects a message or call, 2xxx closes a stream whose peer
 * may reconnect, 3xxx closes a stream for good. `docs/errors.md` lists the same reasons; a test compares the two.
 */

/** One reason for a rejection. */
export interface Reason {
  readonly code: number;
  /** Whether the same call may succeed later, unchanged. */
  readonly isRetryable: boolean;
  /** Its meaning, for the documentation. */
  readonly text: string;
}

const reason = (code: number, isRetryable: boolean, text: string): Reason => ({ code, isRetryable, text });

/** Every reason by its name. Peers receive the name as ErrorInfo.reason. */
export const REASONS = {
  INVALID_FIELD: reason(1001, false, "A field is missing, malformed or out of range; BadRequest names it."),
  MALFORMED_MESSAGE: reason(1002, false, "The message is not valid protobuf of the expected type."),
  MALFORMED_RESULT: reason(1003, false, "A producer's result is not well-formed; its assignment has failed."),
  NO_PRODUCERS: reason(1101, false, "No producer can be asked, and the request set FAIL."),
  REQUEST_ID_REUSED: reason(1102, false, "The request_id was already used with other content."),
  REQUEST_NOT_FOUND: reason(1103, false, "No request with this id is pending or remembered."),
  LISTENER_NOT_FOUND: reason(1104, false, "No listener with this id is connected."),
  DEADLINE_TOO_SHORT: reason(1105, false, "The call's deadline is too close to gather a result before it."),
  ASSIGNMENT_NOT_FOUND: reason(1106, false, "The reply names an assignment that this session does not have."),
  PENDING_LIMIT: reason(1201, true, "The maximum number of requests is pending."),
  PENDING_BYTES_LIMIT: reason(1202, true, "The pending requests hold the maximum number of bytes."),
  RATE_LIMIT: reason(1203, true, "Requests arrive faster than the limit allows."),
  SESSION_LIMIT: reason(1204, true, "The maximum number of streams is open."),
  TOPIC_LIMIT: reason(1205, true, "The maximum number of topics is in use."),
  METADATA_LIMIT: reason(1206, false, "The metadata of the call exceeds the maximum size."),
  REGISTRATION_LIMIT: reason(1207, false, "The session holds the maximum number of topics and patterns."),
  MESSAGE_LIMIT: reason(1208, false, "The message exceeds the maximum size; its call or stream ends."),
  OVERLOADED: reason(1209, true, "The server is too busy for the request to be answered within its TTL."),
  HELD_BYTES_LIMIT: reason(
    1212,
    true,
    "The server holds the maximum number of bytes, for this peer or in all.",
  ),
  PARTIAL_MESSAGE_LIMIT: reason(
    1214,
    true,
    "A message was not complete in time, or incomplete messages hold the maximum number of bytes.",
  ),
  UNREAD_LIMIT: reason(1215, true, "The connection has too many answers that its peer did not read."),
  UNAUTHENTICATED: reason(1301, false, "The call has no valid credentials."),
  NOT_ALLOWED: reason(1302, false, "The policy does not allow the caller this action on this topic."),
  SHUTTING_DOWN: reason(2001, true, "The server is shutting down; reconnect elsewhere or later."),
  SLOW_LISTENER: reason(
    2002,
    true,
    "The listener read too slowly, and had asked to be disconnected in that case.",
  ),
  SLOW_PRODUCER: reason(2003, true, "The producer did not read its assignments."),
  SLOW_CALLER: reason(2004, true, "The caller did not read its events."),
  FIRST_MESSAGE_TIMEOUT: reason(2005, true, "The first message of the stream did not arrive in time."),
  CONNECTION_AGE: reason(2008, true, "The connection reached its maximum age; reconnect."),
  FAULT_LIMIT: reason(
    2009,
    true,
    "The producer caused too many Faults, or the stream sent too many invalid requests.",
  ),
  SESSION_REPLACED: reason(3001, false, "The same id connected again; the newest stream wins."),
  PROTOCOL_VIOLATION: reason(
    3002,
    false,
    "The stream's messages arrived in an order that the contract forbids.",
  ),
} as const satisfies Record<string, Reason>;

/** The name of a reason. */
export type ReasonName = keyof typeof REASONS;

/** Inputs whose fields are checked. */
export type CheckedInput =
  | "producerOpened"
  | "topicsRegistered"
  | "topicsDeregistered"
  | "creditUpdated"
  | "messageMisunderstood"
  | "listenerOpened"
  | "topicsUpdated"
  | "listenerUpdated"
  | "requestSubmitted"
  | "cancelRequested";

/** One invalid field, and what is valid instead. */
export interface FieldViolation {
  /** The field's path in its input, in the contract's names, e.g. `request.completion.quorum_percent`. */
  readonly field: string;
  readonly description: string;
}

/** One rejection: its reason, as text and as data. */
export interface Refusal {
  readonly reason: ReasonName;
  /** One sentence in readable characters; names limit, value and remedy where they exist. */
  readonly message: string;
  /** The variable parts of the message. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Empty except with INVALID_FIELD. */
  readonly violations: readonly FieldViolation[];
  /** The input that the violations are in: the edge maps its fields to their paths in the peer's message. */
  readonly input: CheckedInput | undefined;
  /** When to retry, in milliseconds; undefined if unknown, or if a retry cannot succeed. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Creates a refusal.
 *
 * @param message - one sentence; characters that are not readable, such as controls, are escaped.
 */
export function refusal(
  reason: ReasonName,
  message: string,
  metadata: Readonly<Record<string, string>> = {},
  retryAfterMs?: number,
): Refusal {
  return { reason, message: readable(message), metadata, violations: [], input: undefined, retryAfterMs };
}

/** The refusal with which the streams of a connection end that reached its maximum age. */
export function connectionAge(): Refusal {
  return refusal("CONNECTION_AGE", "the connection reached its maximum age; reconnect");
}

/**
 * Creates a refusal for invalid fields.
 *
 * @param violations - at least one.
 * @param input - the input that holds the fields; omitted if their paths begin at the RPC's request message.
 */
export function invalid(violations: readonly FieldViolation[], input?: CheckedInput): Refusal {
  const message = violations.map((v) => `${v.field} ${v.description}`).join("; ");
  return {
    reason: "INVALID_FIELD",
    message: readable(message),
    metadata: {},
    violations,
    input,
    retryAfterMs: undefined,
  };
}

const MAX_QUOTE_LENGTH = 64;
const ASCII = /^[\x20-\x7e]*$/;
/** Controls, formats such as a change of direction, separators, lone surrogates, and what Unicode has not assigned. */
const UNREADABLE = /[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/gu;

/** Quotes a peer's text for a message: truncated, with characters escaped that are not readable. */
export function quote(text: string): string {
  return `"${excerpt(text)}"`;
}

/** A peer's text as metadata of a refusal: truncated, with characters escaped that are not readable. */
export function excerpt(text: string): string {
  return readable(text.length > MAX_QUOTE_LENGTH ? `${text.slice(0, MAX_QUOTE_LENGTH)}...` : text);
}

/**
 * Escapes what is no letter, digit, mark, punctuation, symbol or plain space: a lone surrogate in a status message ends a
 * grpc-js process; control characters corrupt terminals.
 */
function readable(text: string): string {
  return ASCII.test(text) ? text : text.replace(UNREADABLE, escaped);
}

/** Escapes everything outside printable ASCII, for logs. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, escaped);
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16).padStart(4, "0");
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex}`;
}
