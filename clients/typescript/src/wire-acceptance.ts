import type { Acceptance, Target } from "./acceptance.js";
import { readDuration, readTimestamp } from "./duration.js";
import { TAGS } from "./gen/field-numbers.js";
import type { RecentTexts } from "./recent-texts.js";
import type { WireCursor } from "./wire/cursor.js";

const { ACCEPTANCE, TARGET } = TAGS;

/** An `Acceptance` and the submission that it answers. */
export interface WireAcceptance {
  readonly correlationId: string;
  readonly acceptance: Acceptance;
}

/** Reads the `Acceptance` that ends at `end`. */
export function readAcceptance(cursor: WireCursor, end: number, texts: RecentTexts): WireAcceptance {
  let [requestId, correlationId] = ["", ""];
  let [listenerCount, ttlMs] = [0, 0];
  let expireTime: Date | undefined;
  const targets: Target[] = [];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag) {
      case ACCEPTANCE.requestId:
        requestId = cursor.text();
        break;
      case ACCEPTANCE.correlationId:
        correlationId = cursor.text();
        break;
      case ACCEPTANCE.targets:
        targets.push(readTarget(cursor, texts, targets.length));
        break;
      case ACCEPTANCE.listenerCount:
        listenerCount = cursor.uint32();
        break;
      case ACCEPTANCE.ttl:
        ttlMs = readDuration(cursor);
        break;
      case ACCEPTANCE.expireTime:
        expireTime = readTimestamp(cursor);
        break;
      default:
        cursor.skipField(tag);
    }
  }
  return {
    correlationId,
    acceptance: { requestId, targets, listenerCount, ttlMs, expireTime: expireTime ?? new Date(0) },
  };
}

function readTarget(cursor: WireCursor, texts: RecentTexts, index: number): Target {
  const end = cursor.stop();
  const recent = texts.producerIdAt(index);
  let [producerId, group] = ["", ""];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    if (tag === TARGET.producerId) producerId = cursor.text(recent);
    else if (tag === TARGET.group) group = cursor.text();
    else cursor.skipField(tag);
  }
  return { producerId, group };
}
