/**
 * Formats acceptances, results and summaries, as JSON events and as text.
 */
import { type Acceptance, DispatcherError, type ResultDelivery, type Summary } from "ate-dispatcher-client";
import { formatDurationMs } from "../config/quantity.js";
import { jsonText } from "./json-text.js";
import { type Paint, sanitize } from "./output.js";

/** Formats an acceptance as a JSON event. */
export function acceptanceEvent(acceptance: Acceptance): object {
  return {
    event: "acceptance",
    request_id: acceptance.requestId,
    targets: acceptance.targets.map(({ producerId, group }) => ({ producer_id: producerId, group })),
    listener_count: acceptance.listenerCount,
    ttl_ms: acceptance.ttlMs,
    expire_time: acceptance.expireTime.toISOString(),
  };
}

/** Formats an acceptance as text: the targets and the expiry. */
export function acceptanceLines(acceptance: Acceptance, topic: string, paint: Paint): string {
  const { targets, listenerCount, ttlMs, expireTime } = acceptance;
  const names = targets.map(({ producerId, group }) => name(producerId, group));
  const asked =
    names.length > 0 ? names.join(", ") : paint("yellow", `none; there is no producer on ${sanitize(topic)}`);
  const rows: readonly (readonly [string, string])[] = [
    ["request", sanitize(acceptance.requestId)],
    ["asked", asked],
    ["listeners", String(listenerCount)],
    ["until", `${clock(expireTime)} (${formatDurationMs(Math.round(ttlMs))})`],
  ];
  return rows.map(([label, value]) => `${paint("dim", label.padEnd(9))}  ${value}`).join("\n");
}

/** Formats a result as a JSON event, with all its fields: as `undecodable` if its payload cannot be decoded. */
export function resultEvent(result: ResultDelivery): object {
  const error = undecodable(result);
  return {
    event: error === undefined ? "result" : "undecodable",
    topic: result.topic,
    request_id: result.requestId,
    producer_id: result.producerId,
    group: result.group,
    ordinal: result.ordinal,
    more: result.more,
    sequence: String(result.sequence),
    late: result.late,
    latency_ms: orUndefined(() => rounded(result.latencyMs)) ?? null,
    receive_time: orUndefined(() => result.receiveTime.toISOString()) ?? null,
    ...(error === undefined ? payloadFields(payloadOf(result)) : { error: errorFields(error) }),
    context: result.context,
  };
}

/** The error with which the payload of a result cannot be decoded; undefined if it can be. */
export function undecodable(result: ResultDelivery): DispatcherError | undefined {
  try {
    const { error } = payloadOf(result);
    // The client's own error has a cause; an error that a producer sent has none.
    return error?.reason === "UNDECODABLE_RESULT" && error.cause !== undefined ? error : undefined;
  } catch (error) {
    return DispatcherError.from(error);
  }
}

/** Reads a part of a delivery; undefined if it is malformed. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Creates a function that formats results as lines of text. Its columns grow with the longest values so far. */
export function createResultLine(paint: Paint): (result: ResultDelivery) => string {
  const widths = [0, 0];
  const aligned = (column: 0 | 1, text: string) => {
    widths[column] = Math.max(widths[column] ?? 0, text.length);
    return text.padEnd(widths[column] ?? 0);
  };
  return (result) => {
    const topic = paint("cyan", aligned(0, sanitize(result.topic)));
    const producer = paint("bold", aligned(1, name(result.producerId, result.group)));
    const latency = (orUndefined(() => ms(result.latencyMs)) ?? "-").padStart(9);
    const late = result.late ? ` ${paint("yellow", "late")}` : "";
    const error = undecodable(result);
    const text = error === undefined ? shown(result, paint) : shownError(error, paint);
    return `${topic}  ${producer}  ${paint("dim", latency)}${late}  ${text}`;
  };
}

/** Formats a summary as a JSON event. */
export function summaryEvent(summary: Summary): object {
  return {
    event: "summary",
    topic: summary.topic,
    request_id: summary.requestId,
    reason: summary.reason,
    satisfied: summary.satisfied,
    targeted_count: summary.targetedCount,
    answered_count: summary.answeredCount,
    failed_count: summary.failedCount,
    missing_count: summary.missingCount,
    elapsed_ms: rounded(summary.elapsedMs),
    outcomes: summary.outcomes.map((outcome) => ({
      producer_id: outcome.producerId,
      group: outcome.group,
      state: outcome.state,
      latency_ms: outcome.latencyMs === undefined ? null : rounded(outcome.latencyMs),
      result_count: outcome.resultCount,
      error:
        outcome.error === undefined ? null : { code: outcome.error.code, message: outcome.error.message },
    })),
  };
}

/** Formats a summary as text: the reason, and the outcome of each producer. */
export function summaryLines(summary: Summary, paint: Paint): string {
  const { answeredCount, targetedCount, outcomes } = summary;
  const verdict = summary.satisfied ? paint("green", "satisfied") : paint("red", "not satisfied");
  const counts = `${answeredCount} of ${targetedCount} answered`;
  const head = `${paint("bold", sanitize(summary.reason))} after ${ms(summary.elapsedMs)}: ${counts}, ${verdict}`;
  const names = outcomes.map(({ producerId, group }) => name(producerId, group));
  const width = names.reduce((max, { length }) => Math.max(max, length), 0);
  const rows = outcomes.map(({ state, latencyMs, error }, index) => {
    const colour = state === "ANSWERED" ? "green" : state === "FAILED" ? "red" : "yellow";
    const latency = (latencyMs === undefined ? "" : ms(latencyMs)).padStart(9);
    const why = error === undefined ? "" : `  ${sanitize(error.message)}`;
    return `  ${names[index]?.padEnd(width)}  ${paint(colour, sanitize(state).padEnd(9))}  ${latency}${why}`;
  });
  return [head, ...rows].join("\n");
}

/** Formats a time span in milliseconds. */
export function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** Decodes the payload of a result. Throws if it is malformed. */
function payloadOf(result: ResultDelivery) {
  const { kind, error, contentType, attributes } = result;
  return { kind, error, contentType, attributes, data: result.data, value: error ? null : result.value };
}

function payloadFields({
  kind,
  error,
  data,
  value,
  contentType,
  attributes,
}: ReturnType<typeof payloadOf>): object {
  const rest = { content_type: contentType, attributes };
  if (error) return { error: errorFields(error), ...rest };
  return kind === "data" ? { data: Buffer.from(data ?? []).toString("base64"), ...rest } : { value, ...rest };
}

function errorFields({ code, reason, message }: DispatcherError): object {
  return { code, reason, message };
}

function shown(result: ResultDelivery, paint: Paint): string {
  if (result.error) return shownError(result.error, paint);
  if (result.kind === "value") return sanitize(jsonText(result.value));
  const data = result.data ?? new Uint8Array();
  const type = result.contentType === "" ? "" : `, ${sanitize(result.contentType)}`;
  return `<${data.byteLength} bytes${type}>`;
}

function shownError({ details }: DispatcherError, paint: Paint): string {
  return paint("red", `error: ${sanitize(details)}`);
}

function name(producerId: string, group: string): string {
  return sanitize(group === "" ? producerId : `${producerId} (${group})`);
}

function clock(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const seconds = `${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  return `${two(time.getHours())}:${two(time.getMinutes())}:${seconds}`;
}

/** Rounds to microseconds; further digits are noise. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
