/**
 * Rules that hold in every scenario.
 */
import type { GatherRecord, ReceivedEvent } from "./event-record.js";
import type { DeliveryFields, SummaryFields } from "./protocol.js";
import type { ScenarioRun } from "./scenario-run.js";

/** Returns the violations of the rules. */
export function broken(run: ScenarioRun): readonly string[] {
  const { record } = run;
  return [
    ...[...record.listeners].flatMap(([name, events]) => {
      const isGrouped = run.listeners.get(name)?.group !== undefined;
      return [...positions(events, isGrouped), ...ends(events)].map((finding) => `${name}: ${finding}`);
    }),
    ...[...record.gathers].flatMap(([name, gather]) =>
      gathered(gather, run.repeats.has(name)).map((finding) => `${name}: ${finding}`),
    ),
  ];
}

/** Within a topic and an epoch, sequences are contiguous except for the gaps that were reported. */
function positions(events: readonly ReceivedEvent[], isGrouped: boolean): string[] {
  const last = new Map<string, number>();
  const findings: string[] = [];
  for (const one of events) {
    if (one.kind === "gap") {
      const { topic, reason, from = 0, to = 0, lost_count = 0 } = one.gap;
      if (reason === "EPOCH_CHANGED") last.delete(topic);
      else if (lost_count !== to - from + 1) findings.push(`a gap of ${from} to ${to} says ${lost_count}`);
      else last.set(topic, to);
    } else if (one.kind === "delivery") {
      const { topic, sequence = 0, ordinal = 0, late = false } = one.delivery;
      if (late !== (sequence === 0) || late !== (ordinal === 0)) {
        findings.push(`late is ${late} with sequence ${sequence} and ordinal ${ordinal}`);
      }
      if (late) continue;
      const before = last.get(topic);
      const isNext = before === undefined || (isGrouped ? sequence > before : sequence === before + 1);
      if (!isNext) findings.push(`sequence ${sequence} of ${topic} arrived after ${before}`);
      last.set(topic, sequence);
    }
  }
  return findings;
}

/** Each request has one summary, after its last result. */
function ends(events: readonly ReceivedEvent[]): string[] {
  const ended = new Set<string>();
  const findings: string[] = [];
  for (const one of events) {
    if (one.kind === "summary") {
      if (ended.has(one.summary.request_id)) findings.push("a second summary of one request");
      ended.add(one.summary.request_id);
      findings.push(...counts(one.summary));
    } else if (one.kind === "delivery" && one.delivery.late !== true && ended.has(one.delivery.request_id)) {
      findings.push("a result arrived after its request's summary");
    }
  }
  return findings;
}

/** A gather ends once, its ordinals are contiguous from 1, and its results are as many as the summary says. */
function gathered({ results, ends: all }: GatherRecord, isRepeat: boolean): string[] {
  const findings: string[] = [];
  if (all.length !== 1) findings.push(`the gather ended ${all.length} times`);
  const deliveries = results.flatMap((one) => (one.kind === "delivery" ? [one.delivery] : []));
  const [end] = all;
  if (end?.kind !== "summary") return findings;
  findings.push(...counts(end.summary));
  if (isRepeat) return findings;
  deliveries.forEach(({ ordinal }, index) => {
    if (ordinal !== index + 1) findings.push(`ordinal ${ordinal} arrived as number ${index + 1}`);
  });
  return [...findings, ...resultCounts(deliveries, end.summary)];
}

function counts(summary: SummaryFields): string[] {
  const {
    outcomes = [],
    targeted_count = 0,
    answered_count = 0,
    failed_count = 0,
    missing_count = 0,
  } = summary;
  const having = (...states: string[]) => outcomes.filter(({ state }) => states.includes(state)).length;
  const facts: readonly [string, number, number][] = [
    ["targeted_count", targeted_count, outcomes.length],
    ["answered_count", answered_count, having("ANSWERED")],
    ["failed_count", failed_count, having("FAILED")],
    ["missing_count", missing_count, having("MISSED", "DEPARTED", "SATURATED", "CANCELLED")],
  ];
  return facts
    .filter(([, said, counted]) => said !== counted)
    .map(([what, said, counted]) => `${what} is ${said}, but the outcomes have ${counted}`);
}

function resultCounts(deliveries: readonly DeliveryFields[], { outcomes = [] }: SummaryFields): string[] {
  const said = outcomes.reduce((sum, { result_count = 0 }) => sum + result_count, 0);
  // A departed group member is replaced in the outcomes, so its earlier results are not counted.
  const targets = new Set(outcomes.map(({ producer_id }) => producer_id));
  const came = deliveries.filter(({ producer_id }) => targets.has(producer_id)).length;
  return said === came ? [] : [`the outcomes have ${said} results, but ${came} arrived`];
}
