/**
 * Decodes the messages of producers. Replies are frequent, so hand-written code decodes them, checks that stock parsers
 * can read their Result, and keeps it verbatim. All other messages are rare and go through the generated code.
 */
import { FIELDS, ProducerMessage, WireError, WireReader } from "ate-dispatcher-client/internal";
import type { Input } from "../../core/vocabulary/input.js";
import type { Failure, SessionKey } from "../../core/vocabulary/model.js";
import { decodeCold } from "./decode-cold.js";
import { decodeResult } from "./decode-result.js";
import { largeResult, malformedResult } from "./failed-result.js";

const { reply: PRODUCER_MESSAGE_REPLY } = FIELDS.PRODUCER_MESSAGE;
const { messages: PRODUCE_REQUEST_MESSAGES } = FIELDS.PRODUCE_REQUEST;
const { assignmentId: REPLY_ASSIGNMENT_ID, more: REPLY_MORE, result: REPLY_RESULT } = FIELDS.REPLY;

const NO_RESULT: Buffer = Buffer.alloc(0);
const DECIMAL = /^[0-9]{1,15}$/;
/** The largest field number in ProducerMessage. All fields of ProducerMessage are members of one oneof. */
const LAST_MEMBER = Math.max(...Object.values(FIELDS.PRODUCER_MESSAGE));

/** A decoded message of a producer: a reply as an input of the core, any other message as generated code decodes it. */
export type DecodedProducerMessage = Input | NonNullable<ProducerMessage["message"]>;

/**
 * Decodes a ProduceRequest lazily, so that the messages before a malformed one are still applied.
 *
 * @param maxResultBytes - a larger result fails its assignment.
 */
export function* decodeProduce(
  message: Buffer,
  session: SessionKey,
  maxResultBytes: number,
): Generator<DecodedProducerMessage | undefined> {
  for (const reader = new WireReader(message); reader.next(); ) {
    if (reader.field !== PRODUCE_REQUEST_MESSAGES) {
      reader.skip();
      continue;
    }
    const outer = reader.enter();
    const decoded = decodeMessage(reader, session, maxResultBytes);
    reader.leave(outer);
    yield decoded;
  }
}

/** Decodes the entered ProducerMessage up to its end. */
function decodeMessage(
  reader: WireReader,
  session: SessionKey,
  maxResultBytes: number,
): DecodedProducerMessage | undefined {
  const begin = reader.at;
  let reply: Input | undefined;
  while (reader.next()) {
    if (reader.field === PRODUCER_MESSAGE_REPLY) reply = decodeReply(reader, session, maxResultBytes);
    else {
      // The last member of a oneof on the wire wins. Unknown fields are not members.
      if (reader.field <= LAST_MEMBER) reply = undefined;
      reader.skip();
    }
  }
  return reply ?? decodeCold(ProducerMessage, reader.since(begin)).message;
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
