import { isCovered } from "../covers.js";
import type { HistoryEvent } from "../history.js";
import type { Segment } from "../segments.js";
import type { Evidence, Finding, Invariant } from "./violation.js";

/** H4. */
export const reliable: Invariant = {
  name: "reliable",
  promise: "a listener gets every position from its start, or a justified gap names exactly the lost ones",
  *check(evidence) {
    for (const segment of evidence.segments) {
      if (segment.opened.group !== "") continue;
      yield* holes(segment);
      yield* lateGaps(segment);
      yield* atTheEnd(segment, evidence);
    }
    yield* causes(evidence);
    yield* neverHeardOf(evidence);
  },
};

/** Finds sequences up to the last one that are neither delivered nor reported lost. */
function* holes({ topic, base, items }: Segment): Generator<Finding> {
  const had = new Set<number>();
  let last = base ?? Number.POSITIVE_INFINITY;
  let first = base === undefined ? Number.POSITIVE_INFINITY : base + 1;
  for (const item of items) {
    if (item.kind === "delivered") had.add(item.sequence);
    if (item.kind === "gap") for (let lost = item.from; lost <= item.to; lost++) had.add(lost);
    if (item.kind === "mark") {
      // No delivery follows at or below a cursor; `bookmarkable` checks that.
      if (last !== Number.POSITIVE_INFINITY) last = Math.max(last, item.sequence);
      continue;
    }
    const [from, to] = item.kind === "gap" ? [item.from, item.to] : [item.sequence, item.sequence];
    if (base === undefined) first = Math.min(first, from);
    last = last === Number.POSITIVE_INFINITY ? to : Math.max(last, to);
  }
  if (last === Number.POSITIVE_INFINITY) return;
  for (let sequence = first; sequence <= last; sequence++) {
    if (had.has(sequence)) continue;
    const next = items.find((item) => item.kind === "delivered" && item.sequence > sequence);
    yield [`${topic}: ${sequence} was neither delivered nor reported in a gap`, next?.by];
  }
}

/** A gap precedes the next higher sequence, and its count is within its range. */
function* lateGaps({ topic, base, items }: Segment): Generator<Finding> {
  let latest = base ?? 0;
  for (const item of items) {
    if (item.kind === "gap") {
      const { lostCount } = item.by;
      if (item.from <= latest) yield [`${topic}: a gap from ${item.from} arrived after ${latest}`, item.by];
      const max = item.to - item.from + 1;
      if (lostCount < 1 || lostCount > max) yield [`${topic}: ${lostCount} of ${max} are lost`, item.by];
      latest = Math.max(latest, item.to);
    } else if (item.kind === "delivered") {
      latest = Math.max(latest, item.sequence);
    }
  }
}

/** When all was quiet, every connected listener had received everything. */
function* atTheEnd(
  { topic, base, items, isOpen, serverId }: Segment,
  { facts }: Evidence,
): Generator<Finding> {
  const quiet = facts.whole.first("quiet");
  const top = quiet?.topics.find((cursor) => cursor.topic === topic)?.sequence;
  if (!isOpen || top === undefined || quiet?.serverId !== serverId) return;
  const reached = Math.max(
    base ?? 0,
    ...items.map((item) => (item.kind === "gap" ? item.to : item.kind === "mark" ? 0 : item.sequence)),
  );
  if (reached < top) yield [`${topic}: ended at ${reached}, the topic at ${top}`, items.at(-1)?.by];
}

/** Each reason of a gap needs a cause in the history. */
function* causes({ facts }: Evidence): Generator<Finding> {
  for (const gap of facts.whole.all("gap")) {
    const story = facts.streams.get(gap.stream);
    const before = (kind: "paused" | "listenerEnded") =>
      story?.events.some((e) => e.kind === kind && e.at < gap.at);
    const opened = story?.first("listenerOpened");
    const hasResumed = (opened?.resumeFrom.length ?? 0) > 0 || before("listenerEnded");
    const isCaused =
      // On a busy machine, a listener with a small buffer may be too slow although it reads.
      (gap.reason === "SLOW_LISTENER" && (before("paused") || opened?.bufferBytes !== 0)) ||
      (gap.reason === "RETENTION" && hasResumed && facts.whole.first("planned")?.forgets) ||
      (gap.reason === "EPOCH_CHANGED" && hasResumed && facts.isKilledWithin(0, gap.at));
    if (!isCaused) yield [`${gap.topic}: a gap ${gap.reason} without a cause`, gap];
  }
}

/** A listener that is on a topic at the end has its cursor, if the topic ever had a delivery. */
function* neverHeardOf({ facts, segments }: Evidence): Generator<Finding> {
  const quiet = facts.whole.first("quiet");
  for (const [stream, story] of facts.streams) {
    const opened = story.first("listenerOpened");
    if (!opened || opened.isResumedByClient || opened.group !== "") continue;
    const isLive = story.has("ready") && !story.has("listenerEnded") && quiet !== undefined;
    for (const { topic, sequence } of isLive ? quiet.topics : []) {
      const isHeard = segments.some((s) => s.opened.stream === stream && s.topic === topic);
      const isOn = isCovered(topicsOf(story.events), topic);
      if (isOn && !isHeard && sequence > 0)
        yield [`${stream} has no cursor of ${topic}, which is at ${sequence}`, opened];
    }
  }
}

/** The topics of a stream at the end. */
function topicsOf(events: readonly HistoryEvent[]): ReadonlySet<string> {
  const topics = new Set<string>();
  for (const event of events) {
    if (event.kind === "listenerOpened") for (const topic of event.topics) topics.add(topic);
    if (event.kind !== "topicsChanged") continue;
    for (const topic of event.removed) topics.delete(topic);
    for (const topic of event.added) topics.add(topic);
  }
  return topics;
}
