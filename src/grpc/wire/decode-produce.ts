/**
 * Decodes the messages of producers. Replies are frequent, so hand-written code decodes them, checks that stock parsers
 * can read their Result, and keeps it verbatim. All other messages are rare and go through the generated code.
 */
import { FIELDS, ProducerMessage, WireError, WireReader } from "ate-dispatcher-client/internal";
import type { Input } from "../../core/vocabulary/input.js";
import type { Failure, SessionKey } from "../../core/vocabulary/model.js";
import type { Refusal } from "../../core/vocabulary/reason.js";
import { decodeGenerated } from "./decode-cold.js";
import { decodeResult } from "./decode-result.js";
import { EntryCounts } from "./entry-counts.js";
import { type EntryLimits, excessRefusal } from "./entry-limits.js";
import { largeResult, malformedResult } from "./failed-result.js";

const {
  reply: PRODUCER_MESSAGE_REPLY,
  hello: PRODUCER_MESSAGE_HELLO,
  register: PRODUCER_MESSAGE_REGISTER,
  deregister: PRODUCER_MESSAGE_DEREGISTER,
} = FIELDS.PRODUCER_MESSAGE;
const { messages: PRODUCE_REQUEST_MESSAGES } = FIELDS.PRODUCE_REQUEST;
const { assignmentId: REPLY_ASSIGNMENT_ID, more: REPLY_MORE, result: REPLY_RESULT } = FIELDS.REPLY;

/** The messages whose repeated fields are counted before they are decoded, by their field numbers. */
const COUNTED: readonly (CountedMessage | undefined)[] = byField([
  [PRODUCER_MESSAGE_HELLO, "hello"],
  [PRODUCER_MESSAGE_REGISTER, "register"],
  [PRODUCER_MESSAGE_DEREGISTER, "deregister"],
]);
/** The same in Register and Deregister. */
const CORRELATION_ID = FIELDS.REGISTER.correlationId;
const LENGTH_DELIMITED = 2;
/** A longer correlation_id is not repeated. */
const MAX_CORRELATION_BYTES = 64;
/** To count the entries of such a message, to decode it and to apply it may take milliseconds each. */
const LONG_MESSAGE_BYTES = 16 * 1_024;
/** After as many skipped fields, decoding lets its caller look at the clock; less than 0.1 ms. */
const SKIPS_PER_YIELD = 1_024;
const NO_RESULT: Buffer = Buffer.alloc(0);
const DECIMAL = /^[0-9]{1,15}$/;
/** The largest field number in ProducerMessage. All fields of ProducerMessage are members of one oneof. */
const LAST_MEMBER = Math.max(...Object.values(FIELDS.PRODUCER_MESSAGE));

type CountedMessage = "hello" | "register" | "deregister";

/** A message that was not decoded, because it has too many entries. */
export interface RefusedMessage {
  readonly $case: "refused";
  readonly value: {
    readonly name: CountedMessage;
    readonly refusal: Refusal;
    /** "" if the message has none that is valid. */
    readonly correlationId: string;
  };
}

/** A decoded message of a producer: a reply as an input of the core, any other message as generated code decodes it. */
export type DecodedProducerMessage = Input | NonNullable<ProducerMessage["message"]> | RefusedMessage;

/** What a message of a producer may have. */
export interface ProduceLimits {
  /** A larger result fails its assignment. */
  readonly maxResultBytes: number;
  /** A message with more entries is refused. */
  readonly entries: EntryLimits;
}

/** A message of a producer that is empty or unknown. */
export const UNKNOWN_MESSAGE = "UNKNOWN";

/**
 * Decodes a ProduceRequest lazily, so that the messages before a malformed one are still applied. Yields undefined once in
 * a while where the batch has no messages, and before and after a long one is decoded.
 */
export function* decodeProduce(
  message: Buffer,
  session: SessionKey,
  limits: ProduceLimits,
): Generator<DecodedProducerMessage | typeof UNKNOWN_MESSAGE | undefined> {
  const reader = new WireReader(message);
  for (let skipped = 0; reader.next(); ) {
    if (reader.field !== PRODUCE_REQUEST_MESSAGES) {
      reader.skip();
      if (++skipped % SKIPS_PER_YIELD === 0) yield undefined;
      continue;
    }
    const outer = reader.enter();
    const begin = reader.at;
    const counted = decodeMessage(reader, session, limits);
    const isLong = reader.at - begin >= LONG_MESSAGE_BYTES;
    reader.leave(outer);
    if (typeof counted !== "function") {
      yield counted ?? UNKNOWN_MESSAGE;
      continue;
    }
    if (isLong) yield undefined;
    const decoded = counted();
    if (isLong) yield undefined;
    yield decoded ?? UNKNOWN_MESSAGE;
  }
}

/**
 * Reads the entered ProducerMessage up to its end. @returns a reply as an input, or why another message is refused, or else
 * a function that decodes it.
 */
function decodeMessage(
  reader: WireReader,
  session: SessionKey,
  { maxResultBytes, entries }: ProduceLimits,
): Input | RefusedMessage | (() => DecodedProducerMessage | undefined) {
  const begin = reader.at;
  let reply: Input | undefined;
  let refused: RefusedMessage | undefined;
  let counts: EntryCounts | undefined;
  while (reader.next()) {
    const { field } = reader;
    if (field === PRODUCER_MESSAGE_REPLY) {
      reply = decodeReply(reader, session, maxResultBytes);
      continue;
    }
    // The last member of a oneof on the wire wins. Unknown fields are not members.
    if (field <= LAST_MEMBER) reply = undefined;
    const name = COUNTED[field];
    if (name && (reader.currentTag & 7) === LENGTH_DELIMITED) {
      counts ??= new EntryCounts();
      refused = countMessage(reader, name, counts, entries) ?? refused;
    } else reader.skip();
  }
  const message = reader.since(begin);
  return reply ?? refused ?? (() => decodeGenerated(ProducerMessage, message).message);
}

/** Counts the fields of a message without decoding it. @returns why it is refused; undefined if it is not. */
function countMessage(
  reader: WireReader,
  name: CountedMessage,
  counts: EntryCounts,
  entries: EntryLimits,
): RefusedMessage | undefined {
  const { input, limits } = entries[name];
  const outer = reader.enter();
  const begin = reader.at;
  const excess = counts.count(reader, limits);
  const message = excess && reader.since(begin);
  reader.leave(outer);
  if (!message) return undefined;
  const correlationId = name === "hello" ? "" : correlationIdOf(message);
  return { $case: "refused", value: { name, refusal: excessRefusal(excess, input), correlationId } };
}

function correlationIdOf(message: Buffer): string {
  let id: Buffer | undefined;
  for (const reader = new WireReader(message); reader.next(); ) {
    if (reader.field === CORRELATION_ID) id = reader.bufferView();
    else reader.skip();
  }
  return id && id.length <= MAX_CORRELATION_BYTES ? id.toString() : "";
}

function byField<T>(entries: readonly (readonly [field: number, value: T])[]): readonly (T | undefined)[] {
  const values: (T | undefined)[] = [];
  for (const [field, value] of entries) values[field] = value;
  return values;
}

function decodeReply(reader: WireReader, session: SessionKey, maxResultBytes: number): Input {
  const outer = reader.enter();
  let assignment = 0;
  let assignmentText: string | undefined = "";
  let more = false;
  let payload = NO_RESULT;
  let failure: Failure | undefined;
  let malformed: WireError | undefined;
  while (reader.next()) {
    if (reader.field === REPLY_ASSIGNMENT_ID) {
      assignment = reader.digits();
      assignmentText = assignment === 0 ? reader.ascii() : undefined;
    } else if (reader.field === REPLY_MORE) more = reader.bool();
    else if (reader.field === REPLY_RESULT) {
      const around = reader.enter();
      const { at, limit } = reader;
      try {
        failure = decodeResult(reader);
        payload = reader.since(at);
        malformed = undefined;
        reader.leave(around);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        malformed = error;
        reader.abandon(limit, around);
      }
    } else reader.skip();
  }
  reader.leave(outer);
  if (assignmentText !== undefined) assignment = assignmentNumber(assignmentText);
  if (malformed) return malformedResult({ session, assignment, assignmentText }, malformed);
  if (payload.length > maxResultBytes)
    return largeResult({ session, assignment, assignmentText }, payload.length, maxResultBytes);
  const fault = undefined;
  return { kind: "resultReturned", session, assignment, assignmentText, more, failure, payload, fault };
}

/** Assignment ids are decimal numbers on the wire. Any other text becomes 0. */
function assignmentNumber(text: string): number {
  return DECIMAL.test(text) ? Number(text) : 0;
}
