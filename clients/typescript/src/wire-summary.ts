import { readDuration } from "./duration.js";
import { namesOf } from "./enum-names.js";
import { OutcomeState, SummaryReason } from "./gen/ate/dispatcher/v1/summary.js";
import { Status } from "./gen/google/rpc/status.js";
import { recentProducer } from "./recent-producers.js";
import type { ProducerOutcome, Summary } from "./summary.js";
import type { WireCursor } from "./wire-cursor.js";

const reasonName = namesOf(SummaryReason);
const stateName = namesOf(OutcomeState);

/** Reads a `Summary` that ends at `end`. */
export function readSummary(cursor: WireCursor, end: number): Summary {
  let [requestId, topic] = ["", ""];
  let [reason, elapsedMs] = [0, 0];
  let satisfied = false;
  let [targetedCount, answeredCount, failedCount, missingCount] = [0, 0, 0, 0];
  const outcomes: ProducerOutcome[] = [];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag) {
      case 10:
        requestId = cursor.text();
        break;
      case 18:
        topic = cursor.text();
        break;
      case 24:
        reason = cursor.uint32() | 0;
        break;
      case 32:
        satisfied = cursor.uint32() !== 0;
        break;
      case 40:
        targetedCount = cursor.uint32();
        break;
      case 48:
        answeredCount = cursor.uint32();
        break;
      case 56:
        failedCount = cursor.uint32();
        break;
      case 64:
        missingCount = cursor.uint32();
        break;
      case 74:
        elapsedMs = readDuration(cursor);
        break;
      case 82:
        outcomes.push(readOutcome(cursor, outcomes.length));
        break;
      default:
        cursor.skip(tag);
    }
  }
  return {
    requestId,
    topic,
    reason: reasonName(reason),
    satisfied,
    targetedCount,
    answeredCount,
    failedCount,
    missingCount,
    elapsedMs,
    outcomes,
  };
}

function readOutcome(cursor: WireCursor, index: number): ProducerOutcome {
  const end = cursor.end();
  let [producerId, group] = ["", ""];
  let [state, resultCount] = [0, 0];
  let latencyMs: number | undefined;
  let error: ProducerOutcome["error"];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag) {
      case 10:
        producerId = cursor.text(recentProducer(index));
        break;
      case 18:
        group = cursor.text();
        break;
      case 24:
        state = cursor.uint32() | 0;
        break;
      case 34:
        latencyMs = readDuration(cursor);
        break;
      case 40:
        resultCount = cursor.uint32();
        break;
      case 50: {
        const { code, message } = Status.decode(cursor.view());
        error = { code, message };
        break;
      }
      default:
        cursor.skip(tag);
    }
  }
  return { producerId, group, state: stateName(state), latencyMs, resultCount, error };
}
