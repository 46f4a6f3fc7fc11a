/**
 * The messages that are sent most, written by hand around their verbatim payload. Their strings are ids and topics,
 * which are ASCII by the rules that let them in.
 */
import type { Accept, Assign, Deliver, Reject } from "../core/effect.js";
import { NO_CONTEXT, type Target, type TraceContext } from "../core/model.js";
import type { Refusal } from "../core/reason.js";
import { Status } from "../gen/google/rpc/status.js";
import type { Clock } from "../ports/clock.js";
import { rpcStatus } from "./status.js";
import { split } from "./time.js";
import { varintSize, WireWriter } from "./wire-writer.js";

/** Field number of the batch in every streamed message. */
export const EVENTS = 1;
/** Most bytes that tags, lengths and numbers of one event take beside its strings and payload. */
export const FRAME_BYTES = 160;
/** Field number of `delivery` in ListenerEvent and GatherEvent, and of `assignment` in DispatcherMessage. */
const HOT_EVENT = 1;
/** Field numbers of `acceptance` and `rejection` in GatherEvent. */
const ACCEPTANCE = 5;
const REJECTION = 6;

/** The statuses of refusals that come again and again. */
const encodedStatuses = new WeakMap<Refusal, Uint8Array>();

/** Field numbers are those of Delivery in result.proto. */
export function writeDelivery(writer: WireWriter, delivery: Deliver, clock: Clock): void {
  const { requestId, topic, producerId, group, payload } = delivery;
  const latency = split(delivery.latencyMs);
  const received = split(clock.timeOfDay(delivery.receivedAt));
  const context = encodeContext(11, delivery.context);
  const bodySize =
    asciiSize(requestId) +
    asciiSize(topic) +
    asciiSize(producerId) +
    asciiSize(group) +
    numberSize(delivery.ordinal) +
    (delivery.more ? 2 : 0) +
    numberSize(delivery.sequence) +
    2 +
    pairSize(latency.seconds, latency.nanos) +
    2 +
    pairSize(received.seconds, received.nanos) +
    (delivery.late ? 2 : 0) +
    context.byteLength +
    fieldSize(payload.byteLength);
  beginEvent(writer, bodySize);
  writer.ascii(1, requestId);
  writer.ascii(2, topic);
  writer.ascii(3, producerId);
  writer.ascii(4, group);
  writer.number(5, delivery.ordinal);
  writer.number(6, delivery.more ? 1 : 0);
  writer.number(7, delivery.sequence);
  writePair(writer, 8, latency.seconds, latency.nanos);
  writePair(writer, 9, received.seconds, received.nanos);
  writer.number(10, delivery.late ? 1 : 0);
  writer.encoded(context);
  writer.bytes(12, payload);
}

/** Field numbers are those of Assignment in producer.proto. */
export function writeAssignment(writer: WireWriter, assign: Assign, clock: Clock): void {
  const { requestId, payload } = assign;
  const assignmentId = String(assign.assignment);
  const ttl = split(assign.deadlineAt - clock.now());
  const expires = split(clock.timeOfDay(assign.deadlineAt));
  const context = encodeContext(6, assign.context);
  const bodySize =
    asciiSize(assignmentId) +
    asciiSize(requestId) +
    2 +
    pairSize(ttl.seconds, ttl.nanos) +
    2 +
    pairSize(expires.seconds, expires.nanos) +
    numberSize(assign.attempt) +
    context.byteLength +
    fieldSize(payload.byteLength);
  beginEvent(writer, bodySize);
  writer.ascii(1, assignmentId);
  writer.ascii(2, requestId);
  writePair(writer, 3, ttl.seconds, ttl.nanos);
  writePair(writer, 4, expires.seconds, expires.nanos);
  writer.number(5, assign.attempt);
  writer.encoded(context);
  writer.bytes(7, payload);
}

/** Field numbers are those of Acceptance and Target in request.proto. */
export function writeAcceptance(
  writer: WireWriter,
  { correlationId, acceptance }: Accept,
  clock: Clock,
): void {
  const { requestId, targets, listenerCount, ttlMs, deadlineAt } = acceptance;
  const ttl = split(ttlMs);
  const expires = split(clock.timeOfDay(deadlineAt));
  let bodySize =
    asciiSize(requestId) +
    asciiSize(correlationId) +
    numberSize(listenerCount) +
    2 +
    pairSize(ttl.seconds, ttl.nanos) +
    2 +
    pairSize(expires.seconds, expires.nanos);
  for (const target of targets) bodySize += fieldSize(targetSize(target));
  beginEvent(writer, bodySize, ACCEPTANCE);
  writer.ascii(1, requestId);
  writer.ascii(2, correlationId);
  for (const target of targets) {
    writer.begin(3, targetSize(target));
    writer.ascii(1, target.producerId);
    writer.ascii(2, target.group);
  }
  writer.number(4, listenerCount);
  writePair(writer, 5, ttl.seconds, ttl.nanos);
  writePair(writer, 6, expires.seconds, expires.nanos);
}

/**
 * Field numbers are those of Rejection in gather.proto. For what is refused for load alone: its correlation id has passed
 * the rules, and its refusal is the same object every time, so that refusing costs a tenth of what it would.
 */
export function writeRejection(writer: WireWriter, { correlationId, refusal }: Reject): void {
  let status = encodedStatuses.get(refusal);
  if (status === undefined) {
    status = Status.encode(rpcStatus(refusal)).finish();
    encodedStatuses.set(refusal, status);
  }
  beginEvent(writer, asciiSize(correlationId) + fieldSize(status.byteLength), REJECTION);
  writer.ascii(1, correlationId);
  writer.bytes(2, status);
}

function targetSize({ producerId, group }: Target): number {
  return asciiSize(producerId) + asciiSize(group);
}

function beginEvent(writer: WireWriter, bodySize: number, event = HOT_EVENT): void {
  writer.reserve(bodySize + FRAME_BYTES);
  writer.begin(EVENTS, fieldSize(bodySize));
  writer.begin(event, bodySize);
}

/** A Duration or Timestamp: seconds and nanos. */
function writePair(writer: WireWriter, field: number, seconds: number, nanos: number): void {
  writer.begin(field, pairSize(seconds, nanos));
  writer.number(1, seconds);
  writer.number(2, nanos);
}

function pairSize(seconds: number, nanos: number): number {
  return numberSize(seconds) + numberSize(nanos);
}

function numberSize(value: number): number {
  return value === 0 ? 0 : 1 + varintSize(value);
}

function asciiSize(text: string): number {
  return text.length === 0 ? 0 : fieldSize(text.length);
}

function fieldSize(byteLength: number): number {
  return 1 + varintSize(byteLength) + byteLength;
}

const NO_BYTES = new Uint8Array(0);

/** Map entries of a request's trace context, tags included. */
function encodeContext(field: number, context: TraceContext): Uint8Array {
  if (context === NO_CONTEXT || context.length === 0) return NO_BYTES;
  const writer = new WireWriter(FRAME_BYTES);
  for (const [key, value] of context) {
    const keyBytes = Buffer.from(key);
    const valueBytes = Buffer.from(value);
    const size = fieldSize(keyBytes.byteLength) + fieldSize(valueBytes.byteLength);
    writer.reserve(size + FRAME_BYTES);
    writer.begin(field, size);
    writer.bytes(1, keyBytes);
    writer.bytes(2, valueBytes);
  }
  return writer.finish();
}
