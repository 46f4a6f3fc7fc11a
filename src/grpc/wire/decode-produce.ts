/**
 * Decodes the messages of producers. Replies are frequent, so hand-written code decodes them and keeps their Result
 * verbatim. All other messages are rare and go through the generated code.
 */
import { FIELDS, ProducerMessage, WireReader } from "ate-dispatcher-client/internal";
import type { Input } from "../../core/vocabulary/input.js";
import type { Failure, SessionKey } from "../../core/vocabulary/model.js";
import { decodeCold } from "./decode-cold.js";

const { reply: PRODUCER_MESSAGE_REPLY } = FIELDS.PRODUCER_MESSAGE;
const { messages: PRODUCE_REQUEST_MESSAGES } = FIELDS.PRODUCE_REQUEST;
const { assignmentId: REPLY_ASSIGNMENT_ID, more: REPLY_MORE, result: REPLY_RESULT } = FIELDS.REPLY;
const { value: RESULT_VALUE, data: RESULT_DATA, error: RESULT_ERROR } = FIELDS.RESULT;
const { code: STATUS_CODE, message: STATUS_MESSAGE } = FIELDS.STATUS;

const NO_RESULT: Buffer = Buffer.alloc(0);
/** Maximum length of a failure message in summaries, in characters. The delivered result keeps the whole message. */
const MAX_FAILURE_LENGTH = 1_024;
const DECIMAL = /^[0-9]{1,15}$/;
/** The largest field number in ProducerMessage. All fields of ProducerMessage are members of one oneof. */
const LAST_MEMBER = Math.max(...Object.values(FIELDS.PRODUCER_MESSAGE));

/** A decoded message of a producer: a reply as an input of the core, any other message as generated code decodes it. */
export type DecodedProducerMessage = Input | NonNullable<ProducerMessage["message"]>;

/** Decodes a ProduceRequest lazily, so that the messages before a malformed one are still applied. */
export function* decodeProduce(
  message: Buffer,
  session: SessionKey,
): Generator<DecodedProducerMessage | undefined> {
  for (const reader = new WireReader(message); reader.next(); ) {
    if (reader.field !== PRODUCE_REQUEST_MESSAGES) {
      reader.skip();
      continue;
    }
    const outer = reader.enter();
    const decoded = decodeMessage(reader, session);
    reader.leave(outer);
    yield decoded;
  }
}

/** Decodes the entered ProducerMessage up to its end. */
function decodeMessage(reader: WireReader, session: SessionKey): DecodedProducerMessage | undefined {
  const begin = reader.at;
  let reply: Input | undefined;
  while (reader.next()) {
    if (reader.field === PRODUCER_MESSAGE_REPLY) reply = decodeReply(reader, session);
    else {
      // The last member of a oneof on the wire wins. Unknown fields are not members.
      if (reader.field <= LAST_MEMBER) reply = undefined;
      reader.skip();
    }
  }
  return reply ?? decodeCold(ProducerMessage, reader.since(begin)).message;
}

function decodeReply(reader: WireReader, session: SessionKey): Input {
  const outer = reader.enter();
  let assignment = 0;
  let assignmentText: string | undefined = "";
  let more = false;
  let payload = NO_RESULT;
  let failure: Failure | undefined;
  while (reader.next()) {
    if (reader.field === REPLY_ASSIGNMENT_ID) {
      assignment = reader.digits();
      assignmentText = assignment === 0 ? reader.ascii() : undefined;
    } else if (reader.field === REPLY_MORE) more = reader.bool();
    else if (reader.field === REPLY_RESULT) {
      const result = reader.enter();
      const begin = reader.at;
      failure = decodeFailure(reader);
      payload = reader.since(begin);
      reader.leave(result);
    } else reader.skip();
  }
  reader.leave(outer);
  if (assignmentText !== undefined) assignment = assignmentNumber(assignmentText);
  return { kind: "resultReturned", session, assignment, assignmentText, more, failure, payload };
}

/** Assignment ids are decimal numbers on the wire. Any other text becomes 0. */
function assignmentNumber(text: string): number {
  return DECIMAL.test(text) ? Number(text) : 0;
}

/** Reads the entered Result up to its end. Returns its failure, if it has one. The last outcome on the wire wins. */
function decodeFailure(reader: WireReader): Failure | undefined {
  let failure: Failure | undefined;
  while (reader.next()) {
    if (reader.field === RESULT_ERROR) {
      failure = decodeStatus(reader);
      continue;
    }
    if (reader.field === RESULT_VALUE || reader.field === RESULT_DATA) failure = undefined;
    reader.skip();
  }
  return failure;
}

function decodeStatus(reader: WireReader): Failure {
  const outer = reader.enter();
  let code = 0;
  let message = "";
  while (reader.next()) {
    if (reader.field === STATUS_CODE) code = reader.int32();
    else if (reader.field === STATUS_MESSAGE) message = reader.text();
    else reader.skip();
  }
  reader.leave(outer);
  return { code, message: message.slice(0, MAX_FAILURE_LENGTH).toWellFormed() };
}
