import type { Fact } from "../core/vocabulary/fact.js";
import type { SafeLogger } from "../ports/logger.js";
import { shown } from "./activity-log.js";

/** Creates a watcher of facts that logs each accepted request, and the summary of each ended one, at the level trace. */
export function createRequestTrace(logger: SafeLogger): (fact: Fact) => void {
  return (fact) => {
    if (fact.kind === "requestAccepted") {
      const { requestId, targets, listenerCount, ttlMs } = fact.acceptance;
      const fields = { requestId, topic: fact.topic, targetCount: targets.length, listenerCount, ttlMs };
      logger.trace(shown(fields), "request accepted");
    } else if (fact.kind === "requestEnded") {
      const { requestId, topic, reason, satisfied, elapsedMs, ...counts } = fact.summary;
      const { targetedCount, answeredCount, failedCount } = counts;
      const fields = { requestId, topic, reason, satisfied: String(satisfied), targetedCount, answeredCount };
      logger.trace(shown({ ...fields, failedCount, elapsedMs }), "request ended");
    }
  };
}
