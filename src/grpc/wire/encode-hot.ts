/**
 * Encodes the most frequent messages by hand, around their verbatim payload. Their strings are ids, topics and
 * principals, and the core accepts only ASCII in ids and topics.
 */
import {
  digitCount,
  FIELDS,
  fieldSize,
  textSize,
  varintSize,
  type WireWriter,
} from "ate-dispatcher-client/internal";
import type { Accept, Assign, Deliver, Reject } from "../../core/vocabulary/effect.js";
import { NO_CONTEXT, type Target, type TraceContext } from "../../core/vocabulary/model.js";
import type { Clock } from "../../ports/clock.js";
import type { EncodedStatuses } from "./encoded-statuses.js";
import { nanosOf, secondsOf } from "./time.js";

// The natural way is to write FIELDS.DELIVERY.topic at each use. V8 then loads the member at each use, which took a
// twelfth of the time to encode a delivery. These constants belong to this module, so V8 compiles their values into the
// code. They can go when a newer Node encodes as fast without them; compare when Node is updated.
const {
  requestId: ACCEPTANCE_REQUEST_ID,
  correlationId: ACCEPTANCE_CORRELATION_ID,
  targets: ACCEPTANCE_TARGETS,
  listenerCount: ACCEPTANCE_LISTENER_COUNT,
  ttl: ACCEPTANCE_TTL,
  expireTime: ACCEPTANCE_EXPIRE_TIME,
} = FIELDS.ACCEPTANCE;
const {
  assignmentId: ASSIGNMENT_ASSIGNMENT_ID,
  requestId: ASSIGNMENT_REQUEST_ID,
  ttl: ASSIGNMENT_TTL,
  expireTime: ASSIGNMENT_EXPIRE_TIME,
  attempt: ASSIGNMENT_ATTEMPT,
  context: ASSIGNMENT_CONTEXT,
  requester: ASSIGNMENT_REQUESTER,
  request: ASSIGNMENT_REQUEST,
} = FIELDS.ASSIGNMENT;
const {
  requestId: DELIVERY_REQUEST_ID,
  topic: DELIVERY_TOPIC,
  producerId: DELIVERY_PRODUCER_ID,
  group: DELIVERY_GROUP,
  ordinal: DELIVERY_ORDINAL,
  more: DELIVERY_MORE,
  sequence: DELIVERY_SEQUENCE,
  latency: DELIVERY_LATENCY,
  receiveTime: DELIVERY_RECEIVE_TIME,
  late: DELIVERY_LATE,
  context: DELIVERY_CONTEXT,
  principal: DELIVERY_PRINCIPAL,
  requester: DELIVERY_REQUESTER,
  result: DELIVERY_RESULT,
} = FIELDS.DELIVERY;
const {
  delivery: GATHER_EVENT_DELIVERY,
  acceptance: GATHER_EVENT_ACCEPTANCE,
  rejection: GATHER_EVENT_REJECTION,
} = FIELDS.GATHER_EVENT;
const { key: MAP_ENTRY_KEY, value: MAP_ENTRY_VALUE } = FIELDS.MAP_ENTRY;
const { correlationId: REJECTION_CORRELATION_ID, status: REJECTION_STATUS } = FIELDS.REJECTION;
const { producerId: TARGET_PRODUCER_ID, group: TARGET_GROUP, principal: TARGET_PRINCIPAL } = FIELDS.TARGET;
const { seconds: TIMESTAMP_SECONDS, nanos: TIMESTAMP_NANOS } = FIELDS.TIMESTAMP;

/** The field number of the batch in every streamed message. */
export const EVENTS = FIELDS.GATHER_RESPONSE.events;
/** Upper bound of the tags, lengths and numbers of one event, in bytes, without its strings and payload. */
export const MAX_FRAME_BYTES = 160;
/** Field number of `delivery` in GatherEvent and ListenerEvent, and of `assignment` in DispatcherMessage. */
const HOT_EVENT = GATHER_EVENT_DELIVERY;

/** Writes a Delivery; without the bytes of a shared payload, which follow. */
export function writeDelivery(writer: WireWriter, delivery: Deliver, clock: Clock, isShared: boolean): void {
  const { requestId, requester, topic, producerId, principal, group, context, payload } = delivery;
  const { latencyMs } = delivery;
  const receivedMs = clock.timeOfDay(delivery.receivedAt);
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
    principalSize(principal) +
    principalSize(requester) +
    (context === NO_CONTEXT ? 0 : contextSize(context)) +
    fieldSize(payload.length);
  beginEvent(writer, bodySize, isShared ? bodySize - payload.length : bodySize);
  writer.ascii(DELIVERY_REQUEST_ID, requestId);
  writer.ascii(DELIVERY_TOPIC, topic);
  writer.ascii(DELIVERY_PRODUCER_ID, producerId);
  writer.ascii(DELIVERY_GROUP, group);
  writer.number(DELIVERY_ORDINAL, delivery.ordinal);
  writer.flag(DELIVERY_MORE, delivery.more);
  writer.number(DELIVERY_SEQUENCE, delivery.sequence);
  writeTime(writer, DELIVERY_LATENCY, latencyMs);
  writeTime(writer, DELIVERY_RECEIVE_TIME, receivedMs);
  writer.flag(DELIVERY_LATE, delivery.late);
  writePrincipal(writer, DELIVERY_PRINCIPAL, principal);
  writePrincipal(writer, DELIVERY_REQUESTER, requester);
  if (context !== NO_CONTEXT) writeContext(writer, DELIVERY_CONTEXT, context);
  if (isShared) writer.begin(DELIVERY_RESULT, payload.length);
  else writer.bytes(DELIVERY_RESULT, payload);
}

/** Writes an Assignment; without the bytes of a shared payload, which follow. */
export function writeAssignment(writer: WireWriter, assign: Assign, clock: Clock, isShared: boolean): void {
  const { requestId, requester, context, payload } = assign;
  const ttlMs = assign.deadlineAt - clock.now();
  const expiresMs = clock.timeOfDay(assign.deadlineAt);
  const bodySize =
    fieldSize(digitCount(assign.assignment)) +
    asciiSize(requestId) +
    2 +
    timeSize(ttlMs) +
    2 +
    timeSize(expiresMs) +
    numberSize(assign.attempt) +
    principalSize(requester) +
    (context === NO_CONTEXT ? 0 : contextSize(context)) +
    fieldSize(payload.length);
  beginEvent(writer, bodySize, isShared ? bodySize - payload.length : bodySize);
  writer.digits(ASSIGNMENT_ASSIGNMENT_ID, assign.assignment);
  writer.ascii(ASSIGNMENT_REQUEST_ID, requestId);
  writeTime(writer, ASSIGNMENT_TTL, ttlMs);
  writeTime(writer, ASSIGNMENT_EXPIRE_TIME, expiresMs);
  writer.number(ASSIGNMENT_ATTEMPT, assign.attempt);
  writePrincipal(writer, ASSIGNMENT_REQUESTER, requester);
  if (context !== NO_CONTEXT) writeContext(writer, ASSIGNMENT_CONTEXT, context);
  if (isShared) writer.begin(ASSIGNMENT_REQUEST, payload.length);
  else writer.bytes(ASSIGNMENT_REQUEST, payload);
}

/** Writes an Acceptance. */
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
  beginEvent(writer, bodySize, bodySize, GATHER_EVENT_ACCEPTANCE);
  writer.ascii(ACCEPTANCE_REQUEST_ID, requestId);
  writer.ascii(ACCEPTANCE_CORRELATION_ID, correlationId);
  for (const target of targets) {
    writer.begin(ACCEPTANCE_TARGETS, targetSize(target));
    writer.ascii(TARGET_PRODUCER_ID, target.producerId);
    writer.ascii(TARGET_GROUP, target.group);
    writePrincipal(writer, TARGET_PRINCIPAL, target.principal);
  }
  writer.number(ACCEPTANCE_LISTENER_COUNT, listenerCount);
  writeTime(writer, ACCEPTANCE_TTL, ttlMs);
  writeTime(writer, ACCEPTANCE_EXPIRE_TIME, expiresMs);
}

/**
 * Writes a Rejection for overload.
 *
 * The natural way is to encode a status for each rejection, as for all other reasons; that costs ten times as much, and
 * an overloaded server sends many. The refusal for overload is always the same object, so its status is encoded once and
 * reused. The correlation id is valid by then, so it is ASCII. This can go when overload no longer has one shared
 * refusal.
 */
export function writeRejection(
  writer: WireWriter,
  { correlationId, refusal }: Reject,
  statuses: EncodedStatuses,
): void {
  const status = statuses.of(refusal);
  const bodySize = asciiSize(correlationId) + fieldSize(status.byteLength);
  beginEvent(writer, bodySize, bodySize, GATHER_EVENT_REJECTION);
  writer.ascii(REJECTION_CORRELATION_ID, correlationId);
  writer.bytes(REJECTION_STATUS, status);
}

function targetSize({ producerId, principal, group }: Target): number {
  return asciiSize(producerId) + asciiSize(group) + principalSize(principal);
}

/** Writes a principal: unlike other ids, it may have any characters. */
function writePrincipal(writer: WireWriter, field: number, principal: string): void {
  if (principal !== "") writer.text(field, principal, textSize(principal));
}

function principalSize(principal: string): number {
  return principal === "" ? 0 : fieldSize(textSize(principal));
}

/** @param writtenBytes - bytes of the body that the writer gets; a shared payload follows without a copy. */
function beginEvent(
  writer: WireWriter,
  bodySize: number,
  writtenBytes: number,
  event: number = HOT_EVENT,
): void {
  writer.reserve(writtenBytes + MAX_FRAME_BYTES);
  writer.begin(EVENTS, fieldSize(bodySize));
  writer.begin(event, bodySize);
}

/** Writes a Duration or Timestamp, which are the same on the wire. Two computations are cheaper than one object. */
function writeTime(writer: WireWriter, field: number, ms: number): void {
  const seconds = secondsOf(ms);
  writer.begin(field, timeSize(ms));
  writer.number(TIMESTAMP_SECONDS, seconds);
  writer.number(TIMESTAMP_NANOS, nanosOf(ms, seconds));
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

/** Writes the entries of a request's trace context. */
function writeContext(writer: WireWriter, field: number, context: TraceContext): void {
  for (const [key, value] of context) {
    const [keySize, valueSize] = [textSize(key), textSize(value)];
    writer.begin(field, fieldSize(keySize) + fieldSize(valueSize));
    writer.text(MAP_ENTRY_KEY, key, keySize);
    writer.text(MAP_ENTRY_VALUE, value, valueSize);
  }
}

/** The maximum size of the message that assigns a request, in bytes. */
export function maxAssignmentBytes(
  payload: Uint8Array,
  { requestId, requester }: { readonly requestId: string; readonly requester: string },
  context: TraceContext,
): number {
  return (
    payload.length + requestId.length + principalSize(requester) + contextSize(context) + MAX_FRAME_BYTES
  );
}

function contextSize(context: TraceContext): number {
  let size = 0;
  for (const [key, value] of context) {
    size += fieldSize(fieldSize(textSize(key)) + fieldSize(textSize(value)));
  }
  return size;
}
