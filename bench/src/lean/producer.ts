import type { ClientHttp2Session } from "node:http2";
import { fieldSize, ProduceRequest } from "ate-dispatcher-client/internal";
import { type Payloads, readSequence } from "../payload.js";
import type { Load } from "../peer.js";
import { openCall } from "./call.js";
import { FieldFinder, writeFieldHead } from "./wire.js";

// ProduceResponse.messages, DispatcherMessage.{assignment,welcome}, Assignment.{assignment_id,request}, Request.data
const MESSAGES = 1;
const ASSIGNMENT = 1;
const WELCOME = 6;
const ASSIGNMENT_ID = 1;
const REQUEST = 7;
const REQUEST_DATA = 4;
// ProducerMessage.reply, Reply.{assignment_id,result}, Result.{value,data}
const REPLY = 1;
const REPLY_ASSIGNMENT_ID = 1;
const REPLY_RESULT = 3;
const RESULT_PAYLOAD = { value: 1, data: 2 };

/** Opens a producer that answers each batch of assignments with one batch. Resolves when it is registered. */
export function openLeanProducer(session: ClientHttp2Session, load: Load, index: number): Promise<void> {
  const batch = new ReplyBatch(load.payloads, index);
  const reader = new FieldFinder();
  return new Promise((ready) => {
    const call = openCall(session, "Produce", load, (bytes, start, batchEnd) => {
      reader.open(bytes, start);
      for (let end = reader.find(MESSAGES, batchEnd); end !== -1; end = reader.find(MESSAGES, batchEnd)) {
        const kind = reader.varint() >>> 3;
        const messageEnd = reader.varint() + reader.position;
        if (kind === ASSIGNMENT) {
          const begin = reader.position;
          const idEnd = reader.find(ASSIGNMENT_ID, messageEnd);
          const idBegin = reader.position;
          // Fields may come in any order, so the search for the second one starts from the beginning.
          reader.position = begin;
          const dataEnd = reader.find(REQUEST_DATA, reader.find(REQUEST, messageEnd));
          if (idEnd === -1 || dataEnd === -1) load.failed(new Error("an assignment lacks its id or request"));
          else batch.add(bytes.subarray(idBegin, idEnd), readSequence(bytes, reader.position));
        } else if (kind === WELCOME) ready();
        reader.position = end;
      }
      const replies = batch.take();
      if (replies !== undefined) call.write(replies);
    });
    call.write(helloMessage(load.topics));
  });
}

/** The Hello of a producer on these topics. */
export function helloMessage(topics: readonly string[]): Buffer {
  const value = { registrations: topics.map((topic) => ({ topic })) };
  const message = ProduceRequest.fromPartial({ messages: [{ message: { $case: "hello", value } }] });
  return Buffer.from(ProduceRequest.encode(message).finish());
}

/** Collects replies and encodes them as one ProduceRequest. */
class ReplyBatch {
  readonly #payloads: Payloads;
  readonly #producer: number;
  #ids: Uint8Array[] = [];
  #sequences: number[] = [];
  #byteLength = 0;

  constructor(payloads: Payloads, producer: number) {
    this.#payloads = payloads;
    this.#producer = producer;
  }

  add(assignmentId: Uint8Array, sequence: number): void {
    this.#ids.push(assignmentId);
    this.#sequences.push(sequence);
    this.#byteLength += fieldSize(fieldSize(this.#replyLength(assignmentId)));
  }

  /** Encodes and clears the batch; undefined if it is empty. */
  take(): Buffer | undefined {
    if (this.#ids.length === 0) return undefined;
    const target = Buffer.allocUnsafe(this.#byteLength);
    let at = 0;
    for (const [index, id] of this.#ids.entries())
      at = this.#write(target, at, id, this.#sequences[index] as number);
    this.#ids = [];
    this.#sequences = [];
    this.#byteLength = 0;
    return target;
  }

  #write(target: Buffer, position: number, id: Uint8Array, sequence: number): number {
    const replyLength = this.#replyLength(id);
    const { byteLength, field } = this.#payloads;
    let at = writeFieldHead(target, position, MESSAGES, fieldSize(replyLength));
    at = writeFieldHead(target, at, REPLY, replyLength);
    at = writeFieldHead(target, at, REPLY_ASSIGNMENT_ID, id.length);
    target.set(id, at);
    at = writeFieldHead(target, at + id.length, REPLY_RESULT, fieldSize(byteLength));
    at = writeFieldHead(target, at, RESULT_PAYLOAD[field], byteLength);
    this.#payloads.write(target, at, sequence, this.#producer);
    return at + byteLength;
  }

  #replyLength(id: Uint8Array): number {
    return fieldSize(id.length) + fieldSize(fieldSize(this.#payloads.byteLength));
  }
}
