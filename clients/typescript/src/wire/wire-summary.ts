import { status } from "@grpc/grpc-js";
import type { WireCursor } from "../codec/cursor.js";
import type { RecentTexts } from "../codec/recent-texts.js";
import { OutcomeState, SummaryReason } from "../gen/ate/dispatcher/v1/summary.js";
import { TAGS } from "../gen/field-numbers.js";
import { Status } from "../gen/google/rpc/status.js";
import { readDuration } from "../values/duration.js";
import { namesOf } from "../values/enum-names.js";
import type { ProducerOutcome, Summary } from "../values/summary.js";

const { PRODUCER_OUTCOME, SUMMARY } = TAGS;

const reasonName = namesOf(SummaryReason);
const stateName = namesOf(OutcomeState);

/** Reads the `Summary` that ends at `end`. */
export function readSummary(cursor: WireCursor, end: number, texts: RecentTexts): Summary {
  let [requestId, requester, topic] = ["", "", ""];
  let [reason, elapsedMs] = [0, 0];
  let satisfied = false;
  let [targetedCount, answeredCount, failedCount, missingCount] = [0, 0, 0, 0];
  const outcomes: ProducerOutcome[] = [];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag) {
      case SUMMARY.requestId:
        requestId = cursor.text();
        break;
      case SUMMARY.requester:
        requester = cursor.text();
        break;
      case SUMMARY.topic:
        topic = cursor.text();
        break;
      case SUMMARY.reason:
        reason = cursor.uint32() | 0;
        break;
      case SUMMARY.satisfied:
        satisfied = cursor.uint32() !== 0;
        break;
      case SUMMARY.targetedCount:
        targetedCount = cursor.uint32();
        break;
      case SUMMARY.answeredCount:
        answeredCount = cursor.uint32();
        break;
      case SUMMARY.failedCount:
        failedCount = cursor.uint32();
        break;
      case SUMMARY.missingCount:
        missingCount = cursor.uint32();
        break;
      case SUMMARY.elapsed:
        elapsedMs = readDuration(cursor);
        break;
      case SUMMARY.outcomes:
        outcomes.push(readOutcome(cursor, texts, outcomes.length));
        break;
      default:
        cursor.skipField(tag);
    }
  }
  return {
    requestId,
    requester,
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

function readOutcome(cursor: WireCursor, texts: RecentTexts, index: number): ProducerOutcome {
  const end = cursor.stop();
  let [producerId, principal, group] = ["", "", ""];
  let [state, resultCount] = [0, 0];
  let latencyMs: number | undefined;
  let error: ProducerOutcome["error"];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag) {
      case PRODUCER_OUTCOME.producerId:
        producerId = cursor.text(texts.producerIdAt(index));
        break;
      case PRODUCER_OUTCOME.principal:
        principal = cursor.text();
        break;
      case PRODUCER_OUTCOME.group:
        group = cursor.text();
        break;
      case PRODUCER_OUTCOME.state:
        state = cursor.uint32() | 0;
        break;
      case PRODUCER_OUTCOME.latency:
        latencyMs = readDuration(cursor);
        break;
      case PRODUCER_OUTCOME.resultCount:
        resultCount = cursor.uint32();
        break;
      case PRODUCER_OUTCOME.error:
        error = errorOf(cursor.view());
        break;
      default:
        cursor.skipField(tag);
    }
  }
  return { producerId, principal, group, state: stateName(state), latencyMs, resultCount, error };
}

/** The text may come from a producer. A malformed one must not cost the summary, and the stream with it. */
function errorOf(bytes: Uint8Array): ProducerOutcome["error"] {
  try {
    const { code, message } = Status.decode(bytes);
    return { code, message };
  } catch {
    return { code: status.UNKNOWN, message: "the producer's error cannot be decoded" };
  }
}
