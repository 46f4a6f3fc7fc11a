/**
 * Reads what producers send. Replies are walked by hand and their Result stays verbatim; the rest is rare and goes
 * through the generated code.
 */
import { ProducerMessage } from "ate-dispatcher-client/internal";
import type { Input } from "../core/input.js";
import type { Failure, SessionKey } from "../core/model.js";
import { WireError, WireReader } from "./wire-reader.js";

const NO_RESULT: Buffer = Buffer.alloc(0);
/** Characters of a failure message that go into summaries; the delivered result has all of it. */
const MAX_FAILURE_LENGTH = 1_024;
const DECIMAL = /^[0-9]{1,15}$/;
/** Field number of `reply` in ProducerMessage, and the last one of its oneof. */
const REPLY = 1;
const LAST_MEMBER = 6;

/** One thing a producer said: an input of the core, or a Hello, which opens its session. */
export type ProducerSaid = Input | NonNullable<ProducerMessage["message"]>;

/** Reads a ProduceRequest, message by message, so that what came before a malformed one still counts. */
export function* decodeProduce(message: Buffer, session: SessionKey): Generator<ProducerSaid | undefined> {
  for (const reader = WireReader.of(message); reader.next(); ) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const outer = reader.enter();
    const said = decodeMessage(reader, session);
    reader.leave(outer);
    yield said;
  }
}

/** Reads to the end of the ProducerMessage that the reader has entered. */
function decodeMessage(reader: WireReader, session: SessionKey): ProducerSaid | undefined {
  const begin = reader.offset;
  let reply: Input | undefined;
  while (reader.next()) {
    if (reader.field === REPLY) reply = decodeReply(reader, session);
    else {
      // Of a oneof, the last member on the wire counts; a field that is not known does not.
      if (reader.field <= LAST_MEMBER) reply = undefined;
      reader.skip();
    }
  }
  if (reply) return reply;
  try {
    return ProducerMessage.decode(reader.since(begin)).message;
  } catch (error) {
    throw new WireError(error instanceof Error ? error.message : "malformed");
  }
}

function decodeReply(reader: WireReader, session: SessionKey): Input {
  const outer = reader.enter();
  let assignment = 0;
  let assignmentText: string | undefined = "";
  let more = false;
  let payload = NO_RESULT;
  let failure: Failure | undefined;
  while (reader.next()) {
    if (reader.field === 1) {
      assignment = reader.digits();
      assignmentText = assignment === 0 ? reader.ascii() : undefined;
    } else if (reader.field === 2) more = reader.bool();
    else if (reader.field === 3) {
      const result = reader.enter();
      const begin = reader.offset;
      failure = decodeFailure(reader);
      payload = reader.since(begin);
      reader.leave(result);
    } else reader.skip();
  }
  reader.leave(outer);
  if (assignmentText !== undefined) assignment = assignmentNumber(assignmentText);
  return { kind: "resultReturned", session, assignment, assignmentText, more, failure, payload };
}

/** Assignment ids are decimal numbers on the wire; 0 stands for every other text. */
function assignmentNumber(text: string): number {
  return DECIMAL.test(text) ? Number(text) : 0;
}

/** Reads to the end of a Result: the failure it carries, if its outcome is one. The last outcome on the wire counts. */
function decodeFailure(reader: WireReader): Failure | undefined {
  let failure: Failure | undefined;
  while (reader.next()) {
    if (reader.field === 3) {
      failure = decodeStatus(reader.message());
      continue;
    }
    if (reader.field === 1 || reader.field === 2) failure = undefined;
    reader.skip();
  }
  return failure;
}

function decodeStatus(reader: WireReader): Failure {
  let code = 0;
  let message = "";
  while (reader.next()) {
    if (reader.field === 1) code = reader.int32();
    else if (reader.field === 2) message = reader.utf8();
    else reader.skip();
  }
  return { code, message: message.slice(0, MAX_FAILURE_LENGTH).toWellFormed() };
}
