// Converts objects of the TypeScript client to the JSON of the adapter protocol.
import { status } from "@grpc/grpc-js";
import { type Acceptance, DispatcherError, type ResultDelivery, type Summary } from "ate-dispatcher-client";
import type { AcceptanceFields, DeliveryFields, ErrorFields, SummaryFields } from "./protocol.js";

/** An error, in the JSON of the protocol. */
export function errorView(thrown: unknown): ErrorFields {
  const { code, reason, details, fieldViolations } = DispatcherError.from(thrown);
  const fields = fieldViolations.map(({ field }) => field);
  return { code: status[code] ?? String(code), reason, message: details, fields };
}

/** An acceptance, in the JSON of the protocol. */
export function acceptanceView({ requestId, targets, listenerCount, ttlMs }: Acceptance): AcceptanceFields {
  return {
    request_id: requestId,
    targets: targets.map(({ producerId, group }) => ({ producer_id: producerId, group })),
    listener_count: listenerCount,
    ttl_ms: ttlMs,
  };
}

/** A delivery, in the JSON of the protocol. */
export function deliveryView(result: ResultDelivery): DeliveryFields {
  const { topic, group, ordinal, more, late, context, kind, attributes } = result;
  return {
    ...{ request_id: result.requestId, topic, producer_id: result.producerId, group },
    ...{ ordinal, sequence: Number(result.sequence), more, late, latency_ms: result.latencyMs },
    ...{ context, content_type: result.contentType, attributes, kind },
    ...(kind === "value" && { value: result.value }),
    ...(result.data && { data: base64(result.data) }),
    ...(result.error && { error: errorView(result.error) }),
  };
}

/** A summary, in the JSON of the protocol. */
export function summaryView(summary: Summary): SummaryFields {
  const { topic, reason, satisfied } = summary;
  return {
    ...{ request_id: summary.requestId, topic, reason, satisfied },
    targeted_count: summary.targetedCount,
    answered_count: summary.answeredCount,
    failed_count: summary.failedCount,
    missing_count: summary.missingCount,
    elapsed_ms: summary.elapsedMs,
    outcomes: summary.outcomes.map(({ producerId, group, state, latencyMs, resultCount, error }) => ({
      ...{ producer_id: producerId, group, state, result_count: resultCount },
      ...(latencyMs !== undefined && { latency_ms: latencyMs }),
      ...(error && { error: { code: status[error.code] ?? String(error.code), message: error.message } }),
    })),
  };
}

/** Bytes, in the JSON of the protocol. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
