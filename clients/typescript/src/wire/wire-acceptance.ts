import type { WireCursor } from "../codec/cursor.js";
import type { RecentTexts } from "../codec/recent-texts.js";
import { TAGS } from "../gen/field-numbers.js";
import type { Acceptance, Target } from "../values/acceptance.js";
import { readDuration, readTimestamp } from "../values/duration.js";

const {
  requestId: ACCEPTANCE_REQUEST_ID,
  correlationId: ACCEPTANCE_CORRELATION_ID,
  targets: ACCEPTANCE_TARGETS,
  listenerCount: ACCEPTANCE_LISTENER_COUNT,
  ttl: ACCEPTANCE_TTL,
  expireTime: ACCEPTANCE_EXPIRE_TIME,
} = TAGS.ACCEPTANCE;
const { producerId: TARGET_PRODUCER_ID, group: TARGET_GROUP, principal: TARGET_PRINCIPAL } = TAGS.TARGET;

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
      case ACCEPTANCE_REQUEST_ID:
        requestId = cursor.text();
        break;
      case ACCEPTANCE_CORRELATION_ID:
        correlationId = cursor.text();
        break;
      case ACCEPTANCE_TARGETS:
        targets.push(readTarget(cursor, texts, targets.length));
        break;
      case ACCEPTANCE_LISTENER_COUNT:
        listenerCount = cursor.uint32();
        break;
      case ACCEPTANCE_TTL:
        ttlMs = readDuration(cursor);
        break;
      case ACCEPTANCE_EXPIRE_TIME:
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
  let [producerId, principal, group] = ["", "", ""];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    if (tag === TARGET_PRODUCER_ID) producerId = cursor.text(recent);
    else if (tag === TARGET_GROUP) group = cursor.text();
    else if (tag === TARGET_PRINCIPAL) principal = cursor.text();
    else cursor.skipField(tag);
  }
  return { producerId, principal, group };
}
