/**
 * What holds in every scenario, whatever it is about.
 */
import type { DeliveryFields, SummaryFields } from "./protocol.js";
import type { GatherRecord, Heard } from "./record.js";
import type { Stage } from "./stage.js";

/** Which of them was broken, and where. */
export function broken(stage: Stage): readonly string[] {
  const { record } = stage;
  return [
    ...[...record.listeners].flatMap(([name, heard]) => {
      const isGrouped = stage.listeners.get(name)?.group !== undefined;
      return [...positions(heard, isGrouped), ...ends(heard)].map((finding) => `${name}: ${finding}`);
    }),
    ...[...record.gathers].flatMap(([name, gather]) =>
      gathered(gather, stage.repeats.has(name)).map((finding) => `${name}: ${finding}`),
    ),
  ];
}

/** Within a topic and an epoch, positions rise without holes but those that a gap tells of. */
function positions(heard: readonly Heard[], isGrouped: boolean): string[] {
  const last = new Map<string, number>();
  const findings: string[] = [];
  for (const one of heard) {
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
      if (!isNext) findings.push(`sequence ${sequence} of ${topic} came after ${before}`);
      last.set(topic, sequence);
    }
  }
  return findings;
}

/** A request's summary comes once, after its last result. */
function ends(heard: readonly Heard[]): string[] {
  const ended = new Set<string>();
  const findings: string[] = [];
  for (const one of heard) {
    if (one.kind === "summary") {
      if (ended.has(one.summary.request_id)) findings.push("a second summary of one request");
      ended.add(one.summary.request_id);
      findings.push(...counts(one.summary));
    } else if (one.kind === "delivery" && one.delivery.late !== true && ended.has(one.delivery.request_id)) {
      findings.push("a result came after its request's summary");
    }
  }
  return findings;
}

/** One end; ordinals from 1 without holes; and as many results of each as the summary says. */
function gathered({ results, ends: all }: GatherRecord, isRepeat: boolean): string[] {
  const findings: string[] = [];
  if (all.length !== 1) findings.push(`it ended ${all.length} times`);
  const deliveries = results.flatMap((one) => (one.kind === "delivery" ? [one.delivery] : []));
  const [end] = all;
  if (end?.kind !== "summary") return findings;
  findings.push(...counts(end.summary));
  if (isRepeat) return findings;
  deliveries.forEach(({ ordinal }, index) => {
    if (ordinal !== index + 1) findings.push(`ordinal ${ordinal} came as number ${index + 1}`);
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
  // A member that departed has been replaced in the outcomes; what it sent before counts for nobody.
  const targets = new Set(outcomes.map(({ producer_id }) => producer_id));
  const came = deliveries.filter(({ producer_id }) => targets.has(producer_id)).length;
  return said === came ? [] : [`the outcomes have ${said} results, but ${came} came`];
}
