// The batches of the contract, walked by hand down to the payload and no further: a Result or Request stays the bytes
// that its author wrote, so that a malformed one is one error when it is looked at, never a dead stream.
// wire.test.ts holds this file equal to the generated codecs.
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
import { GoAway, Heartbeat } from "./gen/ate/dispatcher/v1/session.js";
import type { Summary } from "./summary.js";
import { readAcceptance, type WireAcceptance } from "./wire-acceptance.js";
import { readAssignment, type WireAssignment } from "./wire-assignment.js";
import { WireCursor } from "./wire-cursor.js";
import { type ReceivedDelivery, readDelivery } from "./wire-delivery.js";
import { readSummary } from "./wire-summary.js";

type Event<Kind, Value> = { readonly kind: Kind; readonly value: Value };

/** A `GatherEvent` or `ListenerEvent`; their field numbers do not overlap. */
export type StreamEvent =
  | ReceivedDelivery
  | Event<"summary", Summary>
  | Event<"heartbeat", Heartbeat>
  | Event<"goAway", GoAway>
  | Event<"acceptance", WireAcceptance>
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

/** Reads an event that ends at `end`. */
type Read<T> = (cursor: WireCursor, end: number) => T;

const streamEvents: readonly (Read<StreamEvent> | undefined)[] = [
  undefined,
  readDelivery,
  (cursor, end) => ({ kind: "summary", value: readSummary(cursor, end) }),
  (cursor, end) => ({ kind: "heartbeat", value: Heartbeat.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "goAway", value: GoAway.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "acceptance", value: readAcceptance(cursor, end) }),
  (cursor, end) => ({ kind: "rejection", value: Rejection.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "ready", value: Ready.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "gap", value: Gap.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "topicsChanged", value: TopicsChanged.decode(cursor.viewTo(end)) }),
];

const producerEvents: readonly (Read<ProducerEvent> | undefined)[] = [
  undefined,
  (cursor, end) => ({ kind: "assignment", value: readAssignment(cursor, end) }),
  (cursor, end) => ({ kind: "revocation", value: Revocation.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "heartbeat", value: Heartbeat.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "goAway", value: GoAway.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "disposition", value: Disposition.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "welcome", value: Welcome.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "registered", value: Registered.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "deregistered", value: Deregistered.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "drained", value: Drained.decode(cursor.viewTo(end)) }),
  (cursor, end) => ({ kind: "fault", value: Fault.decode(cursor.viewTo(end)) }),
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
  const cursor = new WireCursor(received);
  const batch: T[] = [];
  while (cursor.at < received.length) {
    const tag = cursor.uint32();
    if (tag !== 10) {
      cursor.skip(tag);
      continue;
    }
    const event = readEvent(cursor, events);
    if (event !== undefined) batch.push(event);
  }
  return batch;
}

function readEvent<T>(cursor: WireCursor, events: readonly (Read<T> | undefined)[]): T | undefined {
  const end = cursor.end();
  let event: T | undefined;
  while (cursor.at < end) {
    const tag = cursor.uint32();
    const read = (tag & 7) === 2 ? events[tag >>> 3] : undefined;
    if (read === undefined) cursor.skip(tag);
    else event = read(cursor, cursor.end());
  }
  return event;
}
