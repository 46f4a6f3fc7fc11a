/**
 * Reads what producers send. Replies are walked by hand and their Result stays verbatim; the rest is rare and goes
 * through the generated code.
 */
import type { Input } from "../core/input.js";
import type { Failure, SessionKey } from "../core/model.js";
import { ProducerMessage } from "../gen/ate/dispatcher/v1/producer.js";
import { WireError, WireReader } from "./wire-reader.js";

const NO_RESULT: Buffer = Buffer.alloc(0);
/** Longest message of a failure that goes into summaries; the delivered result has all of it. */
const LONGEST_FAILURE = 1_024;
/** Field number of `reply` in ProducerMessage, and the last one of its oneof. */
const REPLY = 1;
const LAST_MEMBER = 6;

/** One thing a producer said: an input of the core, or a Hello, which opens its session. */
export type ProducerSaid = Input | NonNullable<ProducerMessage["message"]>;

/** Reads a ProduceRequest, message by message, so that what came before a malformed one still counts. */
export function* decodeProduce(message: Buffer, session: SessionKey): Generator<ProducerSaid | undefined> {
  for (const reader = WireReader.of(message); reader.next(); ) {
    if (reader.field === 1) yield decodeMessage(reader.message(), session);
    else reader.skip();
  }
}

function decodeMessage(reader: WireReader, session: SessionKey): ProducerSaid | undefined {
  const begin = reader.offset;
  let reply: WireReader | undefined;
  while (reader.next()) {
    if (reader.field === REPLY) reply = reader.message();
    else {
      // Of a oneof, the last member on the wire counts; a field that is not known does not.
      if (reader.field <= LAST_MEMBER) reply = undefined;
      reader.skip();
    }
  }
  if (reply) return decodeReply(reply, session);
  try {
    return ProducerMessage.decode(reader.since(begin)).message;
  } catch (error) {
    throw new WireError(error instanceof Error ? error.message : "malformed");
  }
}

function decodeReply(reader: WireReader, session: SessionKey): Input {
  let assignmentText = "";
  let more = false;
  let payload = NO_RESULT;
  while (reader.next()) {
    if (reader.field === 1) assignmentText = reader.ascii();
    else if (reader.field === 2) more = reader.bool();
    else if (reader.field === 3) payload = reader.bytes();
    else reader.skip();
  }
  return {
    kind: "resultReturned",
    session,
    assignment: assignmentNumber(assignmentText),
    assignmentText,
    more,
    failure: failureOf(payload),
    payload,
  };
}

/** Assignment ids are decimal numbers on the wire; anything else is none of ours. */
function assignmentNumber(text: string): number {
  if (text.length === 0 || text.length > 15) return Number.NaN;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** The failure that a Result carries, if its outcome is one. The last outcome on the wire counts. */
function failureOf(result: Buffer): Failure | undefined {
  let failure: Failure | undefined;
  for (const reader = WireReader.of(result); reader.next(); ) {
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
  return { code, message: message.slice(0, LONGEST_FAILURE).toWellFormed() };
}
