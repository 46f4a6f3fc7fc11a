// The batches of the contract, walked by hand down to the payload and no further: a Result or Request stays the bytes
// that its author wrote, so that a malformed one is one error when it is looked at, never a dead stream.
// wire.test.ts holds this file equal to the generated codecs.

import { WireCursor } from "../codec/cursor.js";
import type { RecentTexts } from "../codec/recent-texts.js";
import { Rejection } from "../gen/ate/dispatcher/v1/gather.js";
import { Gap, Ready, TopicsChanged } from "../gen/ate/dispatcher/v1/listener.js";
import {
  Deregistered,
  Disposition,
  Drained,
  Fault,
  Registered,
  Revocation,
  Welcome,
} from "../gen/ate/dispatcher/v1/producer.js";
import { GoAway, Heartbeat } from "../gen/ate/dispatcher/v1/session.js";
import { FIELDS, TAGS } from "../gen/field-numbers.js";
import type { Summary } from "../values/summary.js";
import { readAcceptance, type WireAcceptance } from "./wire-acceptance.js";
import { readAssignment, type WireAssignment } from "./wire-assignment.js";
import { type ReceivedDelivery, readDelivery } from "./wire-delivery.js";
import { readSummary } from "./wire-summary.js";

const { DISPATCHER_MESSAGE, GATHER_EVENT, LISTENER_EVENT } = FIELDS;

/** The wire type of an embedded message. */
const LENGTH_DELIMITED = 2;
/** The tag of the batch in every streamed message. */
const BATCH = TAGS.GATHER_RESPONSE.events;

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
type Read<T> = (cursor: WireCursor, end: number, texts: RecentTexts) => T;

/** How events are read, by their field numbers. */
type Events<T> = readonly (Read<T> | undefined)[];

const streamEvents = eventsBy<StreamEvent>([
  [GATHER_EVENT.delivery, readDelivery],
  [
    GATHER_EVENT.summary,
    (cursor, end, texts) => ({ kind: "summary", value: readSummary(cursor, end, texts) }),
  ],
  [
    GATHER_EVENT.heartbeat,
    (cursor, end) => ({ kind: "heartbeat", value: Heartbeat.decode(cursor.viewTo(end)) }),
  ],
  [GATHER_EVENT.goAway, (cursor, end) => ({ kind: "goAway", value: GoAway.decode(cursor.viewTo(end)) })],
  [
    GATHER_EVENT.acceptance,
    (cursor, end, texts) => ({ kind: "acceptance", value: readAcceptance(cursor, end, texts) }),
  ],
  [
    GATHER_EVENT.rejection,
    (cursor, end) => ({ kind: "rejection", value: Rejection.decode(cursor.viewTo(end)) }),
  ],
  [LISTENER_EVENT.ready, (cursor, end) => ({ kind: "ready", value: Ready.decode(cursor.viewTo(end)) })],
  [LISTENER_EVENT.gap, (cursor, end) => ({ kind: "gap", value: Gap.decode(cursor.viewTo(end)) })],
  [
    LISTENER_EVENT.topicsChanged,
    (cursor, end) => ({ kind: "topicsChanged", value: TopicsChanged.decode(cursor.viewTo(end)) }),
  ],
]);

const producerEvents = eventsBy<ProducerEvent>([
  [
    DISPATCHER_MESSAGE.assignment,
    (cursor, end) => ({ kind: "assignment", value: readAssignment(cursor, end) }),
  ],
  [
    DISPATCHER_MESSAGE.revocation,
    (cursor, end) => ({ kind: "revocation", value: Revocation.decode(cursor.viewTo(end)) }),
  ],
  [
    DISPATCHER_MESSAGE.heartbeat,
    (cursor, end) => ({ kind: "heartbeat", value: Heartbeat.decode(cursor.viewTo(end)) }),
  ],
  [
    DISPATCHER_MESSAGE.goAway,
    (cursor, end) => ({ kind: "goAway", value: GoAway.decode(cursor.viewTo(end)) }),
  ],
  [
    DISPATCHER_MESSAGE.disposition,
    (cursor, end) => ({ kind: "disposition", value: Disposition.decode(cursor.viewTo(end)) }),
  ],
  [
    DISPATCHER_MESSAGE.welcome,
    (cursor, end) => ({ kind: "welcome", value: Welcome.decode(cursor.viewTo(end)) }),
  ],
  [
    DISPATCHER_MESSAGE.registered,
    (cursor, end) => ({ kind: "registered", value: Registered.decode(cursor.viewTo(end)) }),
  ],
  [
    DISPATCHER_MESSAGE.deregistered,
    (cursor, end) => ({ kind: "deregistered", value: Deregistered.decode(cursor.viewTo(end)) }),
  ],
  [
    DISPATCHER_MESSAGE.drained,
    (cursor, end) => ({ kind: "drained", value: Drained.decode(cursor.viewTo(end)) }),
  ],
  [DISPATCHER_MESSAGE.fault, (cursor, end) => ({ kind: "fault", value: Fault.decode(cursor.viewTo(end)) })],
]);

/** Reads a `GatherResponse`, `SubmitResponse`, `ListenResponse` or `SubscribeResponse`; skips events it does not know. */
export function readStreamEvents(message: Uint8Array, texts: RecentTexts): StreamEvent[] {
  return readBatch(message, texts, streamEvents);
}

/** Reads a `ProduceResponse`; skips messages it does not know. */
export function readProducerEvents(message: Uint8Array, texts: RecentTexts): ProducerEvent[] {
  return readBatch(message, texts, producerEvents);
}

function readBatch<T>(received: Uint8Array, texts: RecentTexts, events: Events<T>): T[] {
  const cursor = new WireCursor(received);
  const batch: T[] = [];
  while (cursor.at < received.length) {
    const tag = cursor.uint32();
    if (tag !== BATCH) {
      cursor.skipField(tag);
      continue;
    }
    const event = readEvent(cursor, texts, events);
    if (event !== undefined) batch.push(event);
  }
  return batch;
}

function readEvent<T>(cursor: WireCursor, texts: RecentTexts, events: Events<T>): T | undefined {
  const end = cursor.stop();
  let event: T | undefined;
  while (cursor.at < end) {
    const tag = cursor.uint32();
    const read = (tag & 7) === LENGTH_DELIMITED ? events[tag >>> 3] : undefined;
    if (read === undefined) cursor.skipField(tag);
    else event = read(cursor, cursor.stop(), texts);
  }
  return event;
}

/** A list without holes, which is faster to look into than one that begins at 1. */
function eventsBy<T>(reads: readonly (readonly [field: number, read: Read<T>])[]): Events<T> {
  const byField = new Map(reads);
  return Array.from({ length: Math.max(...byField.keys()) + 1 }, (_, field) => byField.get(field));
}
