import type { ClientHttp2Session } from "node:http2";
import { Rejection, SubmitRequest } from "ate-dispatcher-client/internal";
import { requestPayload } from "../payload.js";
import { type Load, type Send, topicOf } from "../peer.js";
import { openCall } from "./call.js";
import { FieldFinder } from "./wire.js";

// SubmitResponse.events, GatherEvent.{acceptance,rejection}, Acceptance.correlation_id
const EVENTS = 1;
const ACCEPTANCE = 5;
const REJECTION = 6;
const CORRELATION_ID = 2;
/** gRPC's number for a limit that was met. */
const RESOURCE_EXHAUSTED = 8;

/** Opens a Submit stream that sends the requests of one event-loop turn as one batch. */
export function createLeanRequester(session: ClientHttp2Session, load: Load): Send {
  const template = new SubmissionTemplate(load);
  const reader = new FieldFinder();
  const call = openCall(session, "Submit", load, (bytes, start, batchEnd) => {
    reader.open(bytes, start);
    for (let end = reader.find(EVENTS, batchEnd); end !== -1; end = reader.find(EVENTS, batchEnd)) {
      const kind = reader.varint() >>> 3;
      const eventEnd = reader.varint() + reader.position;
      if (kind === REJECTION) reject(load, Rejection.decode(bytes.subarray(reader.position, eventEnd)));
      else if (kind === ACCEPTANCE) {
        const idEnd = reader.find(CORRELATION_ID, eventEnd);
        load.accepted(sequenceOf(bytes.toString("latin1", reader.position, idEnd)));
      }
      reader.position = end;
    }
  });

  let queued: number[] = [];
  const flush = () => {
    call.write(template.batch(queued));
    queued = [];
  };
  return (sequence) => {
    if (queued.push(sequence) === 1) setImmediate(flush);
  };
}

function reject(load: Load, { correlationId, status }: Rejection): void {
  if (status?.code === RESOURCE_EXHAUSTED) load.shed(sequenceOf(correlationId));
  else load.failed(new Error(`a submission was rejected: ${status?.message}`));
}

/** A submission that is encoded once; only the sequence number varies, at two places of fixed length. */
class SubmissionTemplate {
  readonly #bytes: Buffer;
  readonly #idOffset: number;
  readonly #dataOffset: number;

  constructor(load: Load) {
    const { ttlMs } = load;
    const topic = topicOf(load, 0);
    const sequence = 0xfeed_c0de;
    const data = requestPayload(sequence);
    const ttl = { seconds: Math.floor(ttlMs / 1000), nanos: (ttlMs % 1000) * 1_000_000 };
    const submission = { correlationId: correlationId(sequence), request: { topic, data, ttl } };
    const request = SubmitRequest.fromPartial({ submissions: [submission] });
    this.#bytes = Buffer.from(SubmitRequest.encode(request).finish());
    this.#idOffset = this.#bytes.indexOf(submission.correlationId);
    this.#dataOffset = this.#bytes.indexOf(data);
  }

  /** A SubmitRequest of these requests: concatenating messages concatenates their repeated fields. */
  batch(sequences: readonly number[]): Buffer {
    const { length } = this.#bytes;
    const target = Buffer.allocUnsafe(length * sequences.length);
    for (const [index, sequence] of sequences.entries()) {
      const at = index * length;
      target.set(this.#bytes, at);
      target.write(correlationId(sequence), at + this.#idOffset, "latin1");
      target.writeUInt32LE(sequence, at + this.#dataOffset);
    }
    return target;
  }
}

function sequenceOf(correlationId: string): number {
  return Number.parseInt(correlationId, 16);
}

/** Eight hexadecimal digits. */
function correlationId(sequence: number): string {
  return sequence.toString(16).padStart(8, "0");
}
