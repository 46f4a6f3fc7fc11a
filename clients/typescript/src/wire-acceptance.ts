import type { Acceptance, Target } from "./acceptance.js";
import { readDuration, readTimestamp } from "./duration.js";
import { recentProducer } from "./recent-producers.js";
import type { WireCursor } from "./wire-cursor.js";

/** An `Acceptance` and the submission that it answers. */
export interface WireAcceptance {
  readonly correlationId: string;
  readonly acceptance: Acceptance;
}

/** Reads an `Acceptance` that ends at `end`. */
export function readAcceptance(cursor: WireCursor, end: number): WireAcceptance {
  let [requestId, correlationId] = ["", ""];
  let [listenerCount, ttlMs] = [0, 0];
  let expireTime: Date | undefined;
  const targets: Target[] = [];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag) {
      case 10:
        requestId = cursor.text();
        break;
      case 18:
        correlationId = cursor.text();
        break;
      case 26:
        targets.push(readTarget(cursor, targets.length));
        break;
      case 32:
        listenerCount = cursor.uint32();
        break;
      case 42:
        ttlMs = readDuration(cursor);
        break;
      case 50:
        expireTime = readTimestamp(cursor);
        break;
      default:
        cursor.skip(tag);
    }
  }
  return {
    correlationId,
    acceptance: { requestId, targets, listenerCount, ttlMs, expireTime: expireTime ?? new Date(0) },
  };
}

function readTarget(cursor: WireCursor, index: number): Target {
  const end = cursor.end();
  const recent = recentProducer(index);
  let [producerId, group] = ["", ""];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    if (tag === 10) producerId = cursor.text(recent);
    else if (tag === 18) group = cursor.text();
    else cursor.skip(tag);
  }
  return { producerId, group };
}
