/**
 * The one list of reasons why something is refused or a stream is closed.
 *
 * Numbers are for logs and metrics and are never reused: 1xxx refuses a message or call, 2xxx closes a stream that may
 * connect again, 3xxx closes it for good. `docs/errors.md` lists the same reasons; a test holds the two equal.
 */

/** One way to be refused. */
export interface Reason {
  readonly code: number;
  /** Whether the same call may succeed later without being changed. */
  readonly isRetryable: boolean;
  /** What it means, for the documentation. */
  readonly text: string;
}

const refuse = (code: number, isRetryable: boolean, text: string): Reason => ({ code, isRetryable, text });

/** Every reason by its name, which travels as ErrorInfo.reason. */
export const REASONS = {
  INVALID_FIELD: refuse(1001, false, "A field is missing, malformed or out of range; BadRequest names it."),
  MALFORMED_MESSAGE: refuse(1002, false, "The message is not valid protobuf of the expected type."),
  NO_PRODUCERS: refuse(1101, false, "No producer can be asked, and the request set FAIL."),
  REQUEST_ID_REUSED: refuse(1102, false, "The request_id was already used with other content."),
  REQUEST_NOT_FOUND: refuse(1103, false, "No request with this id is pending or remembered."),
  LISTENER_NOT_FOUND: refuse(1104, false, "No listener with this id is connected."),
  DEADLINE_TOO_SHORT: refuse(1105, false, "The call's deadline is too close to gather a result before it."),
  PENDING_LIMIT: refuse(1201, true, "The maximum number of requests is pending."),
  PENDING_BYTES_LIMIT: refuse(1202, true, "The pending requests hold the maximum number of bytes."),
  RATE_LIMIT: refuse(1203, true, "Requests arrive faster than the limit allows."),
  SESSION_LIMIT: refuse(1204, true, "The maximum number of streams is open."),
  TOPIC_LIMIT: refuse(1205, true, "The maximum number of topics is in use."),
  METADATA_LIMIT: refuse(1206, false, "The metadata of the call exceeds the maximum size."),
  REGISTRATION_LIMIT: refuse(1207, false, "The session holds the maximum number of topics and patterns."),
  MESSAGE_LIMIT: refuse(1208, false, "The message exceeds the maximum size; its call or stream ends."),
  OVERLOADED: refuse(1209, true, "The server is too busy for the request to be answered within its TTL."),
  SHUTTING_DOWN: refuse(2001, true, "The server is shutting down; reconnect elsewhere or later."),
  SLOW_LISTENER: refuse(
    2002,
    true,
    "The listener read too slowly, and had asked to be disconnected in that case.",
  ),
  SLOW_PRODUCER: refuse(2003, true, "The producer did not read its assignments."),
  SLOW_CALLER: refuse(2004, true, "The caller did not read its events."),
  FIRST_MESSAGE_TIMEOUT: refuse(2005, true, "The first message of the stream did not arrive in time."),
  SESSION_REPLACED: refuse(3001, false, "The same id connected again; the newest stream wins."),
  PROTOCOL_VIOLATION: refuse(
    3002,
    false,
    "The stream's messages arrived in an order that the contract forbids.",
  ),
} as const satisfies Record<string, Reason>;

/** The name of a reason. */
export type ReasonName = keyof typeof REASONS;

/** Inputs whose fields can be wrong. */
export type CheckedInput =
  | "producerOpened"
  | "topicsRegistered"
  | "creditUpdated"
  | "messageMisunderstood"
  | "listenerOpened"
  | "topicsUpdated"
  | "listenerUpdated"
  | "requestSubmitted"
  | "cancelRequested";

/** One field that was wrong, and what would be right. */
export interface FieldViolation {
  /** The field's path in its input, in the contract's names, e.g. `request.completion.quorum_percent`. */
  readonly field: string;
  readonly description: string;
}

/** One refusal: why, in words, and as data. */
export interface Refusal {
  readonly reason: ReasonName;
  /** One ASCII sentence that names limit, value and remedy where there are such. */
  readonly message: string;
  /** All that varies in the message. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Only with INVALID_FIELD. */
  readonly violations: readonly FieldViolation[];
  /** The input of the violations: the edge knows where its fields stand in the message that brought them. */
  readonly input: CheckedInput | undefined;
  /** When to try again, in milliseconds; undefined if that is unknown or useless. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Refuses for a reason.
 *
 * @param message - one sentence; characters outside printable ASCII are shown as escapes.
 */
export function refusal(
  reason: ReasonName,
  message: string,
  metadata: Readonly<Record<string, string>> = {},
  retryAfterMs?: number,
): Refusal {
  return { reason, message: printable(message), metadata, violations: [], input: undefined, retryAfterMs };
}

/**
 * Refuses for wrong fields.
 *
 * @param violations - at least one.
 * @param input - where the fields are; left out if their paths begin at the RPC's request message.
 */
export function invalid(violations: readonly FieldViolation[], input?: CheckedInput): Refusal {
  const message = violations.map((v) => `${v.field} ${v.description}`).join("; ");
  return {
    reason: "INVALID_FIELD",
    message: printable(message),
    metadata: {},
    violations,
    input,
    retryAfterMs: undefined,
  };
}

const MAX_QUOTE_LENGTH = 64;

/** Shows a peer's text in a message: quoted, shortened, and in printable ASCII whatever it held. */
export function quote(text: string): string {
  const shown = text.length > MAX_QUOTE_LENGTH ? `${text.slice(0, MAX_QUOTE_LENGTH)}...` : text;
  return `"${printable(shown)}"`;
}

/** Status details with a lone surrogate or control characters end a grpc-js process or confuse logs. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
