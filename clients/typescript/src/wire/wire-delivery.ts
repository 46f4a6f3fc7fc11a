import type { WireCursor } from "../codec/cursor.js";
import type { RecentTexts } from "../codec/recent-texts.js";
import { TAGS } from "../gen/field-numbers.js";
import { NO_ENTRIES, readStringEntry } from "./string-map.js";

const { DELIVERY, RESULT } = TAGS;

/** A `Delivery` whose payload is still encoded. */
export interface WireDelivery {
  readonly requestId: string;
  readonly topic: string;
  readonly producerId: string;
  readonly principal: string;
  readonly requester: string;
  readonly group: string;
  readonly ordinal: number;
  readonly more: boolean;
  readonly sequence: bigint;
  readonly late: boolean;
  readonly context: Readonly<Record<string, string>>;
  /** An encoded Duration. */
  readonly latency: Uint8Array;
  /** An encoded Timestamp. */
  readonly receiveTime: Uint8Array;
  /** An encoded Result. */
  readonly result: Uint8Array;
  /** The data of a result that is nothing else, as most with data are; else undefined, and the result tells. */
  readonly bareData?: Uint8Array | undefined;
}

/**
 * A delivery over the message it came in, walked once for where its fields are. Texts and views are made when they are
 * looked at, which most of them never are: they were half of what a delivery cost.
 */
export class ReceivedDelivery implements WireDelivery {
  /** It is also the event that it came as. */
  readonly kind = "delivery";
  ordinal = 0;
  more = false;
  /** The sequence. */
  position: number | bigint = 0;
  late = false;
  context: Readonly<Record<string, string>> = NO_ENTRIES;
  requestIdAt = 0;
  requestIdEnd = 0;
  topicAt = 0;
  topicEnd = 0;
  producerIdAt = 0;
  producerIdEnd = 0;
  groupAt = 0;
  groupEnd = 0;
  latencyAt = 0;
  latencyEnd = 0;
  receiveTimeAt = 0;
  receiveTimeEnd = 0;
  principalAt = 0;
  principalEnd = 0;
  requesterAt = 0;
  requesterEnd = 0;
  resultAt = 0;
  resultEnd = 0;

  constructor(
    private readonly message: WireCursor,
    private readonly texts: RecentTexts,
  ) {}

  get value(): this {
    return this;
  }

  get sequence(): bigint {
    return BigInt(this.position);
  }

  get requestId(): string {
    return this.texts.requestIds.read(this.message.buffer, this.requestIdAt, this.requestIdEnd);
  }

  get topic(): string {
    return this.texts.topics.read(this.message.buffer, this.topicAt, this.topicEnd);
  }

  get producerId(): string {
    return this.message.buffer.toString("utf8", this.producerIdAt, this.producerIdEnd);
  }

  get group(): string {
    return this.message.buffer.toString("utf8", this.groupAt, this.groupEnd);
  }

  get principal(): string {
    return this.message.buffer.toString("utf8", this.principalAt, this.principalEnd);
  }

  get requester(): string {
    return this.message.buffer.toString("utf8", this.requesterAt, this.requesterEnd);
  }

  get latency(): Uint8Array {
    return this.message.viewOf(this.latencyAt, this.latencyEnd);
  }

  get receiveTime(): Uint8Array {
    return this.message.viewOf(this.receiveTimeAt, this.receiveTimeEnd);
  }

  get result(): Uint8Array {
    return this.message.viewOf(this.resultAt, this.resultEnd);
  }

  get bareData(): Uint8Array | undefined {
    const { message, resultAt, resultEnd } = this;
    const { bytes } = message;
    if (bytes[resultAt] !== RESULT.data || resultAt === resultEnd) return undefined;
    let length = 0;
    for (let at = resultAt + 1, factor = 1; at < resultEnd && factor < 2 ** 35; at++, factor *= 0x80) {
      const byte = bytes[at] as number;
      length += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        return at + 1 + length === resultEnd ? message.viewOf(at + 1, resultEnd) : undefined;
      }
    }
    return undefined;
  }
}

/**
 * Reads the `Delivery` that ends at `end`, down to its result.
 *
 * Its fields mostly come in their order, and are short: one look at each place then, where a loop looks again for each.
 * With it a delivery costs its listener 0.21 us, without 0.25.
 */
export function readDelivery(cursor: WireCursor, end: number, texts: RecentTexts): ReceivedDelivery {
  const delivery = new ReceivedDelivery(cursor, texts);
  const { bytes, at: begin } = cursor;
  let at = begin;
  if (bytes[at] === DELIVERY.requestId && (bytes[at + 1] as number) < 0x80) {
    delivery.requestIdAt = at + 2;
    at = delivery.requestIdEnd = at + 2 + (bytes[at + 1] as number);
  }
  if (bytes[at] === DELIVERY.topic && (bytes[at + 1] as number) < 0x80) {
    delivery.topicAt = at + 2;
    at = delivery.topicEnd = at + 2 + (bytes[at + 1] as number);
  }
  if (bytes[at] === DELIVERY.producerId && (bytes[at + 1] as number) < 0x80) {
    delivery.producerIdAt = at + 2;
    at = delivery.producerIdEnd = at + 2 + (bytes[at + 1] as number);
  }
  if (bytes[at] === DELIVERY.group && (bytes[at + 1] as number) < 0x80) {
    delivery.groupAt = at + 2;
    at = delivery.groupEnd = at + 2 + (bytes[at + 1] as number);
  }
  if (bytes[at] === DELIVERY.ordinal && (bytes[at + 1] as number) < 0x80) {
    delivery.ordinal = bytes[at + 1] as number;
    at += 2;
  }
  if (bytes[at] === DELIVERY.sequence && at < end) {
    cursor.at = at + 1;
    delivery.position = cursor.uint64();
    at = cursor.at;
  }
  if (bytes[at] === DELIVERY.latency && (bytes[at + 1] as number) < 0x80) {
    delivery.latencyAt = at + 2;
    at = delivery.latencyEnd = at + 2 + (bytes[at + 1] as number);
  }
  if (bytes[at] === DELIVERY.receiveTime && (bytes[at + 1] as number) < 0x80) {
    delivery.receiveTimeAt = at + 2;
    at = delivery.receiveTimeEnd = at + 2 + (bytes[at + 1] as number);
  }
  if (at <= end) {
    cursor.at = at;
    return readFields(delivery, cursor, end);
  }
  // It took what follows the delivery for a part of it.
  cursor.at = begin;
  return readFields(new ReceivedDelivery(cursor, texts), cursor, end);
}

/** Reads fields in whatever order. */
function readFields(delivery: ReceivedDelivery, cursor: WireCursor, end: number): ReceivedDelivery {
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag) {
      case DELIVERY.requestId:
        delivery.requestIdAt = cursor.skipBytes();
        delivery.requestIdEnd = cursor.at;
        break;
      case DELIVERY.topic:
        delivery.topicAt = cursor.skipBytes();
        delivery.topicEnd = cursor.at;
        break;
      case DELIVERY.producerId:
        delivery.producerIdAt = cursor.skipBytes();
        delivery.producerIdEnd = cursor.at;
        break;
      case DELIVERY.group:
        delivery.groupAt = cursor.skipBytes();
        delivery.groupEnd = cursor.at;
        break;
      case DELIVERY.ordinal:
        delivery.ordinal = cursor.uint32();
        break;
      case DELIVERY.more:
        delivery.more = cursor.uint32() !== 0;
        break;
      case DELIVERY.sequence:
        delivery.position = cursor.uint64();
        break;
      case DELIVERY.latency:
        delivery.latencyAt = cursor.skipBytes();
        delivery.latencyEnd = cursor.at;
        break;
      case DELIVERY.receiveTime:
        delivery.receiveTimeAt = cursor.skipBytes();
        delivery.receiveTimeEnd = cursor.at;
        break;
      case DELIVERY.late:
        delivery.late = cursor.uint32() !== 0;
        break;
      case DELIVERY.principal:
        delivery.principalAt = cursor.skipBytes();
        delivery.principalEnd = cursor.at;
        break;
      case DELIVERY.requester:
        delivery.requesterAt = cursor.skipBytes();
        delivery.requesterEnd = cursor.at;
        break;
      case DELIVERY.context:
        delivery.context = readStringEntry(cursor, delivery.context);
        break;
      case DELIVERY.result:
        delivery.resultAt = cursor.skipBytes();
        delivery.resultEnd = cursor.at;
        break;
      default:
        cursor.skipField(tag);
    }
  }
  return delivery;
}
