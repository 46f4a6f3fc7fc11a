import type { BinaryReader } from "@bufbuild/protobuf/wire";
import { RecentText } from "./recent-text.js";
import { NO_ENTRIES, readStringEntry } from "./string-map.js";

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

  constructor(private readonly message: Buffer) {}

  get requestId(): string {
    return requestIds.read(this.message, this.requestIdAt, this.requestIdEnd);
  }

  get topic(): string {
    return topics.read(this.message, this.topicAt, this.topicEnd);
  }

  get producerId(): string {
    return this.message.toString("utf8", this.producerIdAt, this.producerIdEnd);
  }

  get group(): string {
    return this.message.toString("utf8", this.groupAt, this.groupEnd);
  }

  get latency(): Uint8Array {
    return view(this.message, this.latencyAt, this.latencyEnd);
  }

  get receiveTime(): Uint8Array {
    return view(this.message, this.receiveTimeAt, this.receiveTimeEnd);
  }

  get result(): Uint8Array {
    return view(this.message, this.resultAt, this.resultEnd);
  }
}

/** A plain array, because parts of a Buffer are Buffers, and users would meet them as `data`. */
function view({ buffer, byteOffset }: Buffer, begin: number, end: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + begin, end - begin);
}

/** Reads a `Delivery` of `length` bytes down to its result. @param message - what `reader` reads. */
export function readDelivery(reader: BinaryReader, length: number, message: Buffer): WireDelivery {
  const end = reader.pos + length;
  const delivery = new ReceivedDelivery(message);
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        delivery.requestIdAt = passBytes(reader);
        delivery.requestIdEnd = reader.pos;
        break;
      case 18:
        delivery.topicAt = passBytes(reader);
        delivery.topicEnd = reader.pos;
        break;
      case 26:
        delivery.producerIdAt = passBytes(reader);
        delivery.producerIdEnd = reader.pos;
        break;
      case 34:
        delivery.groupAt = passBytes(reader);
        delivery.groupEnd = reader.pos;
        break;
      case 40:
        delivery.ordinal = reader.uint32();
        break;
      case 48:
        delivery.more = reader.bool();
        break;
      case 56:
        delivery.sequence = reader.uint64() as bigint;
        break;
      case 66:
        delivery.latencyAt = passBytes(reader);
        delivery.latencyEnd = reader.pos;
        break;
      case 74:
        delivery.receiveTimeAt = passBytes(reader);
        delivery.receiveTimeEnd = reader.pos;
        break;
      case 80:
        delivery.late = reader.bool();
        break;
      case 90:
        delivery.context = readStringEntry(reader, delivery.context);
        break;
      case 98:
        delivery.resultAt = passBytes(reader);
        delivery.resultEnd = reader.pos;
        break;
      default:
        reader.skip(tag & 7);
    }
  }
  return delivery;
}

/** Passes over a field of bytes. @returns where they begin; the reader is where they end. */
function passBytes(reader: BinaryReader): number {
  const length = reader.uint32();
  const begin = reader.pos;
  reader.pos = begin + length;
  if (reader.pos > reader.len) throw new RangeError("a field is cut off");
  return begin;
}
