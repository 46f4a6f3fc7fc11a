// The batches of the contract, walked by hand down to the payload and no further: a Result or Request stays the bytes
// that its author wrote, so that a malformed one is one error when it is looked at, never a dead stream.
// wire.test.ts holds this file equal to the generated codecs.
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Rejection } from "./gen/ate/dispatcher/v1/gather.js";
import { Gap, Ready, TopicsChanged } from "./gen/ate/dispatcher/v1/listener.js";
import {
  Deregistered,
  Disposition,
  Drained,
  Fault,
  Registered,
  Revocation,
  Welcome,
} from "./gen/ate/dispatcher/v1/producer.js";
import { Acceptance } from "./gen/ate/dispatcher/v1/request.js";
import { GoAway, Heartbeat } from "./gen/ate/dispatcher/v1/session.js";
import { Summary } from "./gen/ate/dispatcher/v1/summary.js";
import { readAssignment, type WireAssignment } from "./wire-assignment.js";
import { readDelivery, type WireDelivery } from "./wire-delivery.js";

type Event<Kind, Value> = { readonly kind: Kind; readonly value: Value };

/** A `GatherEvent` or `ListenerEvent`; their field numbers do not overlap. */
export type StreamEvent =
  | Event<"delivery", WireDelivery>
  | Event<"summary", Summary>
  | Event<"heartbeat", Heartbeat>
  | Event<"goAway", GoAway>
  | Event<"acceptance", Acceptance>
  | Event<"rejection", Rejection>
  | Event<"ready", Ready>
  | Event<"gap", Gap>
  | Event<"topicsChanged", TopicsChanged>;

/** A `DispatcherMessage`. */
export type ProducerEvent =
  | Event<"assignment", WireAssignment>
  | Event<"revocation", Revocation>
  | Event<"heartbeat", Heartbeat>
  | Event<"goAway", GoAway>
  | Event<"disposition", Disposition>
  | Event<"welcome", Welcome>
  | Event<"registered", Registered>
  | Event<"deregistered", Deregistered>
  | Event<"drained", Drained>
  | Event<"fault", Fault>;

/** @param message - what `reader` reads. */
type Read<T> = (reader: BinaryReader, length: number, message: Buffer) => T;

const streamEvents: readonly (Read<StreamEvent> | undefined)[] = [
  undefined,
  (reader, length, message) => ({ kind: "delivery", value: readDelivery(reader, length, message) }),
  (reader, length) => ({ kind: "summary", value: Summary.decode(reader, length) }),
  (reader, length) => ({ kind: "heartbeat", value: Heartbeat.decode(reader, length) }),
  (reader, length) => ({ kind: "goAway", value: GoAway.decode(reader, length) }),
  (reader, length) => ({ kind: "acceptance", value: Acceptance.decode(reader, length) }),
  (reader, length) => ({ kind: "rejection", value: Rejection.decode(reader, length) }),
  (reader, length) => ({ kind: "ready", value: Ready.decode(reader, length) }),
  (reader, length) => ({ kind: "gap", value: Gap.decode(reader, length) }),
  (reader, length) => ({ kind: "topicsChanged", value: TopicsChanged.decode(reader, length) }),
];

const producerEvents: readonly (Read<ProducerEvent> | undefined)[] = [
  undefined,
  (reader, length) => ({ kind: "assignment", value: readAssignment(reader, length) }),
  (reader, length) => ({ kind: "revocation", value: Revocation.decode(reader, length) }),
  (reader, length) => ({ kind: "heartbeat", value: Heartbeat.decode(reader, length) }),
  (reader, length) => ({ kind: "goAway", value: GoAway.decode(reader, length) }),
  (reader, length) => ({ kind: "disposition", value: Disposition.decode(reader, length) }),
  (reader, length) => ({ kind: "welcome", value: Welcome.decode(reader, length) }),
  (reader, length) => ({ kind: "registered", value: Registered.decode(reader, length) }),
  (reader, length) => ({ kind: "deregistered", value: Deregistered.decode(reader, length) }),
  (reader, length) => ({ kind: "drained", value: Drained.decode(reader, length) }),
  (reader, length) => ({ kind: "fault", value: Fault.decode(reader, length) }),
];

/** Reads a `GatherResponse`, `SubmitResponse`, `ListenResponse` or `SubscribeResponse`; skips events it does not know. */
export function readStreamEvents(message: Uint8Array): StreamEvent[] {
  return readBatch(message, streamEvents);
}

/** Reads a `ProduceResponse`; skips messages it does not know. */
export function readProducerEvents(message: Uint8Array): ProducerEvent[] {
  return readBatch(message, producerEvents);
}

function readBatch<T>(received: Uint8Array, events: readonly (Read<T> | undefined)[]): T[] {
  const { buffer, byteOffset, byteLength } = received;
  // A plain view, because parts of a Buffer are Buffers, and users would meet them as `data`.
  const reader = new BinaryReader(new Uint8Array(buffer, byteOffset, byteLength));
  const message = Buffer.from(buffer, byteOffset, byteLength);
  const batch: T[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag !== 10) {
      reader.skip(tag & 7);
      continue;
    }
    const event = readEvent(reader, reader.uint32(), events, message);
    if (event !== undefined) batch.push(event);
  }
  return batch;
}

function readEvent<T>(
  reader: BinaryReader,
  length: number,
  events: readonly (Read<T> | undefined)[],
  message: Buffer,
): T | undefined {
  const end = reader.pos + length;
  let event: T | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const read = (tag & 7) === 2 ? events[tag >>> 3] : undefined;
    if (read === undefined) reader.skip(tag & 7);
    else event = read(reader, reader.uint32(), message);
  }
  return event;
}
