/**
 * The messages that are sent most, written by hand around their verbatim payload. Their strings are ids and topics,
 * which are ASCII by the rules that let them in.
 */
import { Status } from "ate-dispatcher-client/internal";
import type { Accept, Assign, Deliver, Reject } from "../core/effect.js";
import { NO_CONTEXT, type Target, type TraceContext } from "../core/model.js";
import type { Refusal } from "../core/reason.js";
import type { Clock } from "../ports/clock.js";
import { rpcStatus } from "./status.js";
import { nanosOf, secondsOf } from "./time.js";
import { digitCount, varintSize, WireWriter } from "./wire-writer.js";

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
  const { latencyMs } = delivery;
  const receivedMs = clock.timeOfDay(delivery.receivedAt);
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
    timeSize(latencyMs) +
    2 +
    timeSize(receivedMs) +
    (delivery.late ? 2 : 0) +
    context.length +
    fieldSize(payload.length);
  beginEvent(writer, bodySize);
  writer.ascii(1, requestId);
  writer.ascii(2, topic);
  writer.ascii(3, producerId);
  writer.ascii(4, group);
  writer.number(5, delivery.ordinal);
  writer.number(6, delivery.more ? 1 : 0);
  writer.number(7, delivery.sequence);
  writeTime(writer, 8, latencyMs);
  writeTime(writer, 9, receivedMs);
  writer.number(10, delivery.late ? 1 : 0);
  writer.encoded(context);
  writer.bytes(12, payload);
}

/** Field numbers are those of Assignment in producer.proto. */
export function writeAssignment(writer: WireWriter, assign: Assign, clock: Clock): void {
  const { requestId, payload } = assign;
  const ttlMs = assign.deadlineAt - clock.now();
  const expiresMs = clock.timeOfDay(assign.deadlineAt);
  const context = encodeContext(6, assign.context);
  const bodySize =
    fieldSize(digitCount(assign.assignment)) +
    asciiSize(requestId) +
    2 +
    timeSize(ttlMs) +
    2 +
    timeSize(expiresMs) +
    numberSize(assign.attempt) +
    context.length +
    fieldSize(payload.length);
  beginEvent(writer, bodySize);
  writer.digits(1, assign.assignment);
  writer.ascii(2, requestId);
  writeTime(writer, 3, ttlMs);
  writeTime(writer, 4, expiresMs);
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
  const expiresMs = clock.timeOfDay(deadlineAt);
  let bodySize =
    asciiSize(requestId) +
    asciiSize(correlationId) +
    numberSize(listenerCount) +
    2 +
    timeSize(ttlMs) +
    2 +
    timeSize(expiresMs);
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
  writeTime(writer, 5, ttlMs);
  writeTime(writer, 6, expiresMs);
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

/** A Duration or Timestamp: seconds and nanos. Split twice, which costs less than an object that holds both. */
function writeTime(writer: WireWriter, field: number, ms: number): void {
  const seconds = secondsOf(ms);
  writer.begin(field, timeSize(ms));
  writer.number(1, seconds);
  writer.number(2, nanosOf(ms, seconds));
}

function timeSize(ms: number): number {
  const seconds = secondsOf(ms);
  return numberSize(seconds) + numberSize(nanosOf(ms, seconds));
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
