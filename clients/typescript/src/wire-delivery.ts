import type { BinaryReader } from "@bufbuild/protobuf/wire";
import { NO_ENTRIES, readStringEntry } from "./string-map.js";

/** A `Delivery` whose payload is still encoded. */
export interface WireDelivery {
  requestId: string;
  topic: string;
  producerId: string;
  group: string;
  ordinal: number;
  more: boolean;
  sequence: bigint;
  late: boolean;
  context: Readonly<Record<string, string>>;
  /** An encoded Duration. */
  latency: Uint8Array;
  /** An encoded Timestamp. */
  receiveTime: Uint8Array;
  /** An encoded Result. */
  result: Uint8Array;
}

const EMPTY: Uint8Array = new Uint8Array();

/** Reads a `Delivery` of `length` bytes down to its result. */
export function readDelivery(reader: BinaryReader, length: number): WireDelivery {
  const end = reader.pos + length;
  const delivery: WireDelivery = {
    requestId: "",
    topic: "",
    producerId: "",
    group: "",
    ordinal: 0,
    more: false,
    sequence: 0n,
    late: false,
    context: NO_ENTRIES,
    latency: EMPTY,
    receiveTime: EMPTY,
    result: EMPTY,
  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        delivery.requestId = reader.string();
        break;
      case 18:
        delivery.topic = reader.string();
        break;
      case 26:
        delivery.producerId = reader.string();
        break;
      case 34:
        delivery.group = reader.string();
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
        delivery.latency = reader.bytes();
        break;
      case 74:
        delivery.receiveTime = reader.bytes();
        break;
      case 80:
        delivery.late = reader.bool();
        break;
      case 90:
        delivery.context = readStringEntry(reader, delivery.context);
        break;
      case 98:
        delivery.result = reader.bytes();
        break;
      default:
        reader.skip(tag & 7);
    }
  }
  return delivery;
}
