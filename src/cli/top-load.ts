/**
 * What `top` shows: how much happens a second, and who has the most to do. Two looks at the dispatcher make a rate.
 */
import type { ProducerInfo, ServerInfo, ServerTotals, TopicInfo } from "ate-dispatcher-client";

/** One look at the dispatcher. */
export interface Look {
  readonly server: ServerInfo;
  readonly topics: readonly TopicInfo[];
  readonly producers: readonly ProducerInfo[];
}

/** Events per second. */
export interface Rates {
  readonly requests: number;
  /** Requests refused. */
  readonly rejected: number;
  /** Results in time. */
  readonly results: number;
  /** One per receiver of a result. */
  readonly deliveries: number;
  readonly late: number;
  /** Deliveries lost to slow listeners. */
  readonly dropped: number;
}

/** A topic and its results per second; undefined after the first look. */
export interface BusyTopic extends TopicInfo {
  readonly resultsPerSecond: number | undefined;
}

/** A producer and its answers per second; undefined after the first look. */
export interface BusyProducer extends ProducerInfo {
  readonly answersPerSecond: number | undefined;
}

/** The state of the dispatcher between two looks. */
export interface Load {
  readonly server: ServerInfo;
  readonly rates: Rates | undefined;
  /** The busiest first. */
  readonly topics: readonly BusyTopic[];
  /** The busiest first. */
  readonly producers: readonly BusyProducer[];
}

/** Compares two looks. @param before - undefined for the first look; one at another process counts as none. */
export function loadBetween(before: Look | undefined, now: Look): Load {
  const earlier = before?.server.serverId === now.server.serverId ? before : undefined;
  const seconds = earlier === undefined ? 0 : (now.server.uptimeMs - earlier.server.uptimeMs) / 1_000;
  const perSecond = (was: number, is: number) => (seconds > 0 ? (is - was) / seconds : undefined);
  const topicsBefore = new Map(earlier?.topics.map((topic) => [topic.topic, topic]));
  const producersBefore = new Map(earlier?.producers.map((producer) => [producer.sessionId, producer]));
  const topics = now.topics.map((topic) => {
    const was = topicsBefore.get(topic.topic);
    const since = was?.epoch === topic.epoch ? was.sequence : 0n;
    return { ...topic, resultsPerSecond: perSecond(Number(since), Number(topic.sequence)) };
  });
  const producers = now.producers.map((producer) => {
    const was = producersBefore.get(producer.sessionId);
    return { ...producer, answersPerSecond: perSecond(was ? answersOf(was) : 0, answersOf(producer)) };
  });
  return {
    server: now.server,
    rates: earlier && seconds > 0 ? ratesOf(earlier.server.totals, now.server.totals, seconds) : undefined,
    topics: topics.sort(
      (a, b) =>
        (b.resultsPerSecond ?? 0) - (a.resultsPerSecond ?? 0) ||
        b.pendingCount - a.pendingCount ||
        compare(a.topic, b.topic),
    ),
    producers: producers.sort(
      (a, b) =>
        dutiesOf(b) - dutiesOf(a) ||
        (b.answersPerSecond ?? 0) - (a.answersPerSecond ?? 0) ||
        compare(a.producerId, b.producerId),
    ),
  };
}

function ratesOf(was: ServerTotals, is: ServerTotals, seconds: number): Rates {
  const rate = (name: keyof ServerTotals) => (is[name] - was[name]) / seconds;
  return {
    requests: rate("acceptedRequests"),
    rejected: rate("rejectedRequests"),
    results: rate("results"),
    deliveries: rate("deliveries"),
    late: rate("lateResults"),
    dropped: rate("droppedDeliveries"),
  };
}

function answersOf({ answeredCount, failedCount }: ProducerInfo): number {
  return answeredCount + failedCount;
}

function dutiesOf({ outstandingCount, backlogCount }: ProducerInfo): number {
  return outstandingCount + backlogCount;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
