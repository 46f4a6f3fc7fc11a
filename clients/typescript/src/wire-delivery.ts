import { RecentText } from "./recent-text.js";
import { NO_ENTRIES, readStringEntry } from "./string-map.js";
import type { WireCursor } from "./wire-cursor.js";

/** A `Delivery` whose payload is still encoded. */
export interface WireDelivery {
  readonly requestId: string;
  readonly topic: string;
  readonly producerId: string;
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

/** Deliveries in a row are mostly of one topic, and often of one request. */
const topics = new RecentText();
const requestIds = new RecentText();

/**
 * A delivery over the message it came in, walked once for where its fields are. Texts and views are made when they are
 * looked at, which most of them never are: they were half of what a delivery cost.
 */
class ReceivedDelivery implements WireDelivery {
  ordinal = 0;
  more = false;
  sequence = 0n;
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
  resultAt = 0;
  resultEnd = 0;

  constructor(private readonly message: WireCursor) {}

  get requestId(): string {
    return requestIds.read(this.message.buffer, this.requestIdAt, this.requestIdEnd);
  }

  get topic(): string {
    return topics.read(this.message.buffer, this.topicAt, this.topicEnd);
  }

  get producerId(): string {
    return this.message.buffer.toString("utf8", this.producerIdAt, this.producerIdEnd);
  }

  get group(): string {
    return this.message.buffer.toString("utf8", this.groupAt, this.groupEnd);
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
    if (bytes[resultAt] !== 18 || resultAt === resultEnd) return undefined;
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

/** Reads a `Delivery` that ends at `end`, down to its result. */
export function readDelivery(cursor: WireCursor, end: number): WireDelivery {
  const delivery = new ReceivedDelivery(cursor);
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag) {
      case 10:
        delivery.requestIdAt = cursor.pass();
        delivery.requestIdEnd = cursor.at;
        break;
      case 18:
        delivery.topicAt = cursor.pass();
        delivery.topicEnd = cursor.at;
        break;
      case 26:
        delivery.producerIdAt = cursor.pass();
        delivery.producerIdEnd = cursor.at;
        break;
      case 34:
        delivery.groupAt = cursor.pass();
        delivery.groupEnd = cursor.at;
        break;
      case 40:
        delivery.ordinal = cursor.uint32();
        break;
      case 48:
        delivery.more = cursor.uint32() !== 0;
        break;
      case 56:
        delivery.sequence = cursor.uint64();
        break;
      case 66:
        delivery.latencyAt = cursor.pass();
        delivery.latencyEnd = cursor.at;
        break;
      case 74:
        delivery.receiveTimeAt = cursor.pass();
        delivery.receiveTimeEnd = cursor.at;
        break;
      case 80:
        delivery.late = cursor.uint32() !== 0;
        break;
      case 90:
        delivery.context = readStringEntry(cursor, delivery.context);
        break;
      case 98:
        delivery.resultAt = cursor.pass();
        delivery.resultEnd = cursor.at;
        break;
      default:
        cursor.skip(tag);
    }
  }
  return delivery;
}
