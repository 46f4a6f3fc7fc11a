/**
 * Rules of the contract for the fields of a request.
 */

import type { RequestSubmitted } from "../vocabulary/input.js";
import { type Limits, MAX_LABELS, MAX_PRODUCER_IDS } from "../vocabulary/limits.js";
import {
  COMPLETE_ALL,
  type Completion,
  type Malformed,
  type RequestSpec,
  type Selector,
} from "../vocabulary/model.js";
import type { FieldViolation } from "../vocabulary/reason.js";
import { correlationRule, idRule, lengthRule, topicRule, type Verdict } from "./field-rules.js";

/** All violations of a submitted request; empty if it is valid. */
export function violationsOf(input: RequestSubmitted, limits: Limits): readonly FieldViolation[] {
  const { spec, correlationId } = input;
  const found: FieldViolation[] = [];
  const check = (verdict: Verdict): void => {
    if (verdict) found.push(verdict);
  };
  if (correlationId !== undefined) check(correlationRule("correlation_id", correlationId));
  check(topicRule("request.topic", spec.topic));
  check(ttlRule(spec.ttlMs, limits));
  check(idRule("request.request_id", spec.requestId));
  if (spec.completion !== COMPLETE_ALL) completionRules(spec.completion).forEach(check);
  if (spec.selector) selectorRules(spec.selector).forEach(check);
  if (spec.noProducersAction === "UNKNOWN_ENUM_VALUE") {
    check({ field: "request.no_producers_action", description: "is unknown; use COMPLETE, FAIL or WAIT" });
  }
  if (input.excludeListeners && !input.gather) {
    check({
      field: "exclude_listeners",
      description: "is set without gather; no peer would receive the results",
    });
  }
  return found;
}

function ttlRule(ttlMs: RequestSpec["ttlMs"], limits: Limits): Verdict {
  if (ttlMs === undefined || (ttlMs !== "MALFORMED" && ttlMs > 0 && ttlMs <= limits.maxTtlMs))
    return undefined;
  const range = `use more than 0 s and at most ${limits.maxTtlMs / 1_000} s, or omit it for the default`;
  return { field: "request.ttl", description: `${durationText(ttlMs)}; ${range}` };
}

function durationText(ms: number | Malformed): string {
  return ms === "MALFORMED" ? "is not a valid duration" : `is ${ms / 1_000} s`;
}

function completionRules(completion: Completion): readonly Verdict[] {
  const path = "request.completion";
  const { until, stallTimeoutMs } = completion;
  return [
    until.kind === "resultCount" && until.count === 0
      ? { field: `${path}.result_count`, description: "is 0; use at least 1" }
      : undefined,
    until.kind === "quorumPercent" && (until.percent < 1 || until.percent > 100)
      ? { field: `${path}.quorum_percent`, description: `is ${until.percent}; use 1 to 100` }
      : undefined,
    until.kind === "firstSuccess" && !until.isSet
      ? { field: `${path}.first_success`, description: "is false; set it to true or omit it" }
      : undefined,
    stallTimeoutMs !== undefined && (stallTimeoutMs === "MALFORMED" || stallTimeoutMs <= 0)
      ? { field: `${path}.stall_timeout`, description: `${durationText(stallTimeoutMs)}; use more than 0 s` }
      : undefined,
    completion.loserAction === "UNKNOWN_ENUM_VALUE"
      ? { field: `${path}.loser_action`, description: "is unknown; use CANCEL or LET_RUN" }
      : undefined,
  ];
}

function selectorRules(selector: Selector): readonly Verdict[] {
  const path = "request.selector";
  return [
    lengthRule(`${path}.producer_ids`, selector.producerIds.length, MAX_PRODUCER_IDS, "entries"),
    lengthRule(`${path}.match_labels`, selector.matchLabels.length, MAX_LABELS, "entries"),
    lengthRule(`${path}.principals`, selector.principals.length, MAX_PRODUCER_IDS, "entries"),
  ];
}
