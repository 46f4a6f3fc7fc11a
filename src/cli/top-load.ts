/**
 * The data of `top`: rates, and the busiest topics and producers. A rate is computed from two samples.
 */
import type { ProducerInfo, ServerInfo, ServerTotals, TopicInfo } from "ate-dispatcher-client";

/** The state of the dispatcher at one instant. */
export interface Sample {
  readonly server: ServerInfo;
  readonly topics: readonly TopicInfo[];
  readonly producers: readonly ProducerInfo[];
}

/** Events per second. */
export interface Rates {
  readonly requests: number;
  /** Rejected requests. */
  readonly rejected: number;
  /** Results that arrived in time. */
  readonly results: number;
  /** Deliveries of results; a result with two receivers counts twice. */
  readonly deliveries: number;
  readonly late: number;
  /** Deliveries dropped because the listener read too slowly. */
  readonly dropped: number;
}

/** A topic and its results per second; undefined with only one sample. */
export interface BusyTopic extends TopicInfo {
  readonly resultsPerSecond: number | undefined;
}

/** A producer and its answers per second; undefined with only one sample. */
export interface BusyProducer extends ProducerInfo {
  readonly answersPerSecond: number | undefined;
}

/** The load of the dispatcher between two samples. */
export interface Load {
  readonly server: ServerInfo;
  readonly rates: Rates | undefined;
  /** The busiest first. */
  readonly topics: readonly BusyTopic[];
  /** The busiest first. */
  readonly producers: readonly BusyProducer[];
}

/** Computes the load. @param before - the earlier sample; ignored if it is of another server process. */
export function loadBetween(before: Sample | undefined, now: Sample): Load {
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
        owedCountOf(b) - owedCountOf(a) ||
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

function owedCountOf({ outstandingCount, backlogCount }: ProducerInfo): number {
  return outstandingCount + backlogCount;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
